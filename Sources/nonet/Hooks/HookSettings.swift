internal import BPFAssembler

/// The settings in which a host is told its hooks.
///
/// Claude Code, Codex and Gemini CLI have groups of hooks with a matcher under the event's name,
/// Cursor has the hooks themselves there. An edit changes nothing but what it is about.
struct HookSettings {
  let host: HookHost
  private(set) var document: JSONDocument

  /// Why settings cannot be edited, as a sentence; nothing has been changed then.
  struct SettingsError: Error {
    let reason: String
  }

  /// How the settings stand to a hook.
  enum State: Equatable {
    case missing
    case installed
    /// The one hook is there, and something beside its command keeps it from holding.
    case weakened([String])
    /// There are hooks of nonet for this host, with these commands, and not just the one.
    case differs([String])
  }

  /// A hook of ours in the settings.
  private struct Found {
    /// Its index in the event's array, and in the group's where the host has groups.
    let group: Int
    let hook: Int?
    /// The object that has the command.
    let entry: JSONValue
    /// The string that is run.
    let command: JSONValue
    /// Whether the host asks it before each command.
    let isAsked: Bool
  }

  /// Reads settings; blank ones are as good as none.
  init(_ text: [UInt8], of host: HookHost) throws(SettingsError) {
    self.host = host
    let isBlank = text.allSatisfy { $0 == 0x20 || $0 == 0x09 || $0 == 0x0a || $0 == 0x0d }
    let options = JSONOptions(acceptsComments: host.acceptsComments)
    do throws(JSONError) {
      document = try JSONDocument(isBlank ? Array(host.emptySettings.utf8) : text, options)
    } catch {
      let place = error.place(in: text)
      throw SettingsError(reason: "\(place.line):\(place.column): \(error.problem.words)")
    }
    let root = document.root
    if root.kind != .object { throw SettingsError(reason: "1:1: expected an object") }
    if let hooks = root["hooks"] {
      try check(hooks, is: .object, "an object with the hooks of each event")
      if let event = hooks[host.event] { try check(event, is: .array, "an array of hooks") }
    }
  }

  /// How the settings stand to a hook that runs this command.
  func state(for command: String) -> State {
    let found = found
    if found.isEmpty { return .missing }
    if found.count == 1, found[0].isAsked, found[0].command.spells(command) {
      let weaknesses = weaknesses(of: found[0].entry)
      return weaknesses.isEmpty ? .installed : .weakened(weaknesses)
    }
    return .differs(found.map { $0.command.text ?? "" })
  }

  /// Whether the host is told to ask no hook at all.
  var asksNobody: Bool { document.root["disableAllHooks"]?.bool ?? false }

  /// What an entry says beside its command by which the host would run a command unasked or without
  /// the answer: what `--install` never writes.
  private func weaknesses(of entry: JSONValue) -> [String] {
    var found: [String] = []
    let known = [
      "type", "command", "timeout", "failClosed", "name", "description", "statusMessage",
    ]
    for member in entry.members where !known.contains(where: { member.name.spells($0) }) {
      found.append(
        "it has \(String(decoding: member.name.source, as: UTF8.self)) beside the command")
    }
    if let timeout = entry["timeout"], timeout.integer.map({ $0 >= host.shortestTimeout }) != true {
      found.append("its timeout is shorter than \(host.shortestTimeout)")
    }
    if host.shellTool == nil, entry["failClosed"]?.bool != true {
      found.append("its failClosed is not true")
    }
    return found
  }

  /// How many hooks of others the host asks at the same event.
  var others: Int {
    let all = event?.elements.reduce(0) { sum, group in
      sum + (host.shellTool == nil ? 1 : group["hooks"]?.elements.count ?? 0)
    }
    return (all ?? 0) - found.count
  }

  /// Puts a hook in, or gives the one that is there this command.
  mutating func install(_ command: String) throws(SettingsError) {
    if state(for: command) == .installed { return }
    let found = found
    do throws(JSONError) {
      if found.count == 1, found[0].isAsked, weaknesses(of: found[0].entry).isEmpty {
        document = try document.replacing(found[0].command, with: JSONText.string(command))
        return
      }
      try removeAll()
      document = try added(host.entry(running: command))
    } catch {
      throw SettingsError(reason: "the change would not be JSON any more: \(error)")
    }
  }

  /// Takes every hook of ours out, and what is left empty by that.
  mutating func uninstall() throws(SettingsError) {
    if found.isEmpty { return }
    do throws(JSONError) {
      try removeAll()
      let root = document.root
      if let hooks = root["hooks"], let event, event.elements.isEmpty {
        document = try document.removing(Self.index(of: host.event, in: hooks), of: hooks)
      }
      if let hooks = document.root["hooks"], hooks.members.isEmpty {
        document = try document.removing(
          Self.index(of: "hooks", in: document.root), of: document.root)
      }
    } catch {
      throw SettingsError(reason: "the change would not be JSON any more: \(error)")
    }
  }

  private var event: JSONValue? { document.root["hooks"]?[host.event] }

  private var found: [Found] {
    var found: [Found] = []
    for (index, group) in (event?.elements ?? []).enumerated() {
      guard let tool = host.shellTool else {
        if let command = group["command"], isOurs(command) {
          found.append(
            Found(group: index, hook: nil, entry: group, command: command, isAsked: true))
        }
        continue
      }
      // A matcher is a pattern; one without the tool's name may still match, but who could tell.
      let matcher = group["matcher"]
      let text = matcher?.text ?? ""
      let isAsked = matcher == nil || text.isEmpty || text == "*" || Array(text.utf8).contains(tool)
      for (hook, entry) in (group["hooks"]?.elements ?? []).enumerated() {
        guard let command = entry["command"], isOurs(command) else { continue }
        let isCommand = entry["type"]?.spells("command") ?? false
        found.append(
          Found(
            group: index, hook: hook, entry: entry, command: command,
            isAsked: isAsked && isCommand))
      }
    }
    return found
  }

  /// Whether a command runs some nonet as the hook of this host.
  private func isOurs(_ command: JSONValue) -> Bool {
    guard let text = command.utf8 else { return false }
    let words: [[UInt8]]
    do throws(ShellWords.QuotingError) {
      words = try ShellWords.split(text)
    } catch {
      return false
    }
    guard let program = words.first,
      program.split(separator: UInt8(ascii: "/")).last.map({
        $0.elementsEqual("nonet".utf8)
      }) == true
    else { return false }
    let joined = HookHost.option + "=" + host.name
    return words.contains { $0.elementsEqual(joined.utf8) }
      || zip(words, words.dropFirst()).contains {
        $0.elementsEqual(HookHost.option.utf8) && $1.elementsEqual(host.name.utf8)
      }
  }

  private mutating func removeAll() throws(JSONError) {
    // Each removal moves the others, so they are looked for again.
    while let one = found.first, let event {
      let group = event.elements[one.group]
      if let hook = one.hook, let hooks = group["hooks"], hooks.elements.count > 1 {
        document = try document.removing(hook, of: hooks)
      } else {
        document = try document.removing(one.group, of: event)
      }
    }
  }

  private func added(_ entry: String) throws(JSONError) -> JSONDocument {
    let root = document.root
    if let event { return try document.appending(entry, to: event) }
    let list = JSONText.array([entry])
    if let hooks = root["hooks"] { return try document.setting(host.event, of: hooks, to: list) }
    return try document.setting("hooks", of: root, to: JSONText.object([(host.event, list)]))
  }

  private func check(_ value: JSONValue, is kind: JSONKind, _ what: String) throws(SettingsError) {
    if value.kind == kind { return }
    let place = JSONError(problem: .expectedValue, offset: value.range.lowerBound)
      .place(in: document.bytes)
    throw SettingsError(reason: "\(place.line):\(place.column): expected \(what)")
  }

  private static func index(of name: String, in object: JSONValue) -> Int {
    object.members.lastIndex { $0.name.spells(name) } ?? -1
  }
}
