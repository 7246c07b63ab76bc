internal import BPFAssembler

/// What keeps a hook that stands in the settings from holding.
extension HookSettings {
  /// Whether the host is told to ask no hook at all.
  var asksNobody: Bool { document.root["disableAllHooks"]?.bool ?? false }

  /// Whether the hooks are switched off as they stand.
  var isSwitchedOff: Bool { hooks?["enabled"].map { $0.bool != true } ?? false }

  /// Whether Gemini CLI is told to ask no hook, or not this one.
  ///
  /// - Parameter command: What the hook runs; a list may have it, or its name.
  /// - Returns: Whether some member says so, under the names of old versions or of new ones.
  func isOffInGemini(_ command: String) -> Bool {
    let root = document.root
    let lists = [root["hooksConfig"]?["disabled"], hooks?["disabled"]]
    let names = found.compactMap { $0.entry["name"]?.text } + [command]
    let switches = [
      root["hooksConfig"]?["enabled"], root["tools"]?["enableHooks"], hooks?["enabled"],
    ]
    return switches.contains { $0?.bool == false }
      || lists.contains { list in
        list?.elements.contains { one in names.contains { one.spells($0) } } ?? false
      }
  }

  /// Whether the host is told to ask nobody but whom the administrator names.
  var asksManagedOnly: Bool { document.root["allowManagedHooksOnly"]?.bool ?? false }

  /// What an entry says beside its command by which the host would run a command unasked or without
  /// the answer: what `--install` never writes.
  func weaknesses(of entry: JSONValue, at moment: HookHost.Moment) -> [String] {
    var found: [String] = []
    let layout = host.layout
    let known =
      [
        "type", layout.command, layout.timeoutName, "failClosed", "name", "description",
        "statusMessage", "onFailure",
      ] + (layout.blocksOnFailure ? ["on_failure"] : [])
    let isFlat = !moment.isGrouped
    for member in entry.members
    where !known.contains(where: { member.name.spells($0) })
      && !(isFlat && member.name.spells("matcher"))
    {
      found.append(
        "it has \(String(decoding: member.name.source, as: UTF8.self)) beside the command")
    }
    if let timeout = entry[layout.timeoutName],
      timeout.integer.map({ $0 >= layout.shortestTimeout }) != true
    {
      found.append("its \(layout.timeoutName) is shorter than \(layout.shortestTimeout)")
    }
    if layout.hasFailClosed, entry["failClosed"]?.bool != true {
      found.append("its failClosed is not true")
    }
    if let value = entry["onFailure"], !value.spells("block") {
      found.append("its onFailure is not \"block\"")
    }
    if layout.blocksOnFailure, entry["on_failure"]?.spells("block") != true {
      found.append("its on_failure is not \"block\"")
    }
    return found
  }

  /// Why the host may not ask the hooks of a group, which is the hook itself where the host has no groups.
  func doubts(about group: JSONValue, at moment: HookHost.Moment) -> [String] {
    var doubts: [String] = []
    if let tool = moment.matcher, let matcher = group["matcher"],
      !Self.matches(matcher.text ?? "?", tool)
    {
      doubts.append("its matcher may not be one for \(tool)")
    }
    guard moment.isGrouped else { return doubts }
    // Gemini CLI's "sequential" is about the order alone.
    for member in group.members
    where !["matcher", "hooks", "sequential"].contains(where: { member.name.spells($0) }) {
      let name = String(decoding: member.name.source, as: UTF8.self)
      doubts.append("it has \(name) beside its hooks")
    }
    return doubts
  }

  /// Whether a matcher is one for a tool beyond doubt: everything, the tool itself, or a list of names with it.
  ///
  /// It is a pattern, whose grammar is the host's own.
  private static func matches(_ matcher: String, _ tool: String) -> Bool {
    let text = Array(matcher.utf8)
    if text.isEmpty || text.elementsEqual("*".utf8) || text.elementsEqual(tool.utf8) { return true }
    let bar = UInt8(ascii: "|")
    return text.allSatisfy { $0 == bar || $0 == UInt8(ascii: "_") || $0.isAlphanumeric }
      && text.split(separator: bar).contains { $0.elementsEqual(tool.utf8) }
  }

  /// What is wrong where an entry does not say that it is a command, and the host asks for that.
  func doubts(aboutTypeOf entry: JSONValue) -> [String] {
    if !host.layout.hasType || entry["type"]?.spells("command") ?? false { return [] }
    return ["its type is not \"command\""]
  }
}
