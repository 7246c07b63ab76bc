internal import BPFAssembler

/// Settings in TOML in which a hook is one table of the array `hooks`, among others.
///
/// They are judged as a host reads them. An edit takes, puts or changes lines, so that every other byte
/// stays; it counts only where what was read again differs by nothing but the hook.
struct HookTable {
  let host: HookHost
  let form: HookHost.OwnText
  private(set) var document: TOMLDocument

  /// A hook of ours.
  private struct Found {
    let table: TOMLValue
    /// The string that is run.
    let command: TOMLValue
    let text: String
  }

  /// Reads settings.
  ///
  /// - Throws: Where they are no TOML.
  init(
    _ text: [UInt8], of host: HookHost, _ form: HookHost.OwnText
  ) throws(HookSettings.SettingsError) {
    self.host = host
    self.form = form
    do throws(TOMLError) {
      document = try TOMLDocument(text)
    } catch {
      let place = error.place(in: text)
      throw HookSettings.SettingsError(
        reason: "\(place.line):\(place.column): \(error.problem.words)")
    }
  }

  /// How the settings stand to a hook that runs this command.
  func state(for command: String) -> HookSettings.State {
    let found = found
    guard let first = found.first else { return .missing }
    guard found.count == 1, first.text.utf8.elementsEqual(command.utf8) else {
      return .differs(found.map { $0.text })
    }
    return isExact(first) ? .installed : .weakened([HookText.weakness])
  }

  /// The command of the hook, where there is exactly one.
  var command: String? {
    let found = found
    return found.count == 1 ? found[0].text : nil
  }

  /// Puts a hook in, or gives the one that is there this command.
  ///
  /// - Throws: Where hooks are written in another way, or the change of lines would be one of more.
  mutating func install(_ command: String) throws(HookSettings.SettingsError) {
    if state(for: command) == .installed { return }
    let found = found
    guard found.count == 1 else {
      try checkForm()
      let rest = replacing(lines(of: found, withNewline: true), with: [])
      // One newline more, which goes again with the hook.
      let apart: [UInt8] = rest.isEmpty ? [] : [0x0a]
      return try accept(
        rest + apart + entry(running: command), others + values(running: command))
    }
    let old = found[0].table
    let new = values(running: command, like: old)
    let text: [UInt8]
    if isExact(found[0]) {
      text = replacing([found[0].command.range], with: Array(JSONText.string(command).utf8))
    } else {
      try checkForm()
      text = replacing(lines(of: found), with: entry(running: command, like: old))
    }
    try accept(text, hooks.flatMap { $0.index == old.index ? new : [$0] })
  }

  /// Takes every hook of ours out.
  ///
  /// - Throws: Where hooks are written in another way, or the change of lines would be one of more.
  mutating func uninstall() throws(HookSettings.SettingsError) {
    let found = found
    if found.isEmpty { return }
    try checkForm()
    try accept(replacing(lines(of: found, withNewline: true), with: []), others)
  }

  // MARK: Reading

  private var hooks: [TOMLValue] { document.root["hooks"]?.elements ?? [] }

  private var found: [Found] { hooks.compactMap(ours) }

  /// The hooks of others.
  private var others: [TOMLValue] { hooks.filter { ours($0) == nil } }

  private func ours(_ table: TOMLValue) -> Found? {
    guard let command = table["command"], let text = command.utf8,
      HookSettings.isOurs(text, host)
    else { return nil }
    return Found(table: table, command: command, text: String(decoding: text, as: UTF8.self))
  }

  /// Whether a hook says what nonet writes around its command, and nothing else.
  private func isExact(_ found: Found) -> Bool {
    values(running: found.text, like: found.table).contains { $0.says(found.table) }
  }

  /// The lines of a hook.
  ///
  /// - Parameters:
  ///   - command: What is run.
  ///   - table: The hook whose place it takes; what may follow stays where that has it.
  /// - Returns: A table with its header.
  private func entry(running command: String, like table: TOMLValue? = nil) -> [UInt8] {
    let entry = Array((form.before + JSONText.string(command) + form.after).utf8)
    guard let table, let more = Self.read(form.mayFollow.utf8)?.members,
      more.allSatisfy({ table[$0.name].map($0.value.says) ?? false })
    else { return entry }
    return entry + form.mayFollow.utf8
  }

  /// What these lines say: one hook; none where they are no TOML, which nothing is written by then.
  private func values(running command: String, like table: TOMLValue? = nil) -> [TOMLValue] {
    Self.read(entry(running: command, like: table))?["hooks"]?.elements ?? []
  }

  private static func read(_ text: some Collection<UInt8>) -> TOMLValue? {
    do throws(TOMLError) {
      return try TOMLDocument(Array(text)).root
    } catch {
      return nil
    }
  }

  // MARK: Changing

  /// - Throws: Where the array is there and has no tables with headers: those would be a second meaning of
  ///   the same name, and a hook in it has no lines of its own.
  private func checkForm() throws(HookSettings.SettingsError) {
    guard let hooks = document.root["hooks"], !hooks.isOfHeaders else { return }
    throw HookSettings.SettingsError(
      reason: "\(document.line(of: hooks)):1: hooks are written otherwise here than as [[hooks]], "
        + "which rules that out")
  }

  /// Where the lines stand on which hooks are written; comments and blank lines between are none of them.
  ///
  /// - Parameters:
  ///   - found: The hooks.
  ///   - withNewline: Whether the newline that `--install` puts before a last hook counts.
  /// - Returns: Ranges in their order, each of lines that stand together.
  private func lines(of found: [Found], withNewline: Bool = false) -> [Range<Int>] {
    var isOurs = Array(repeating: false, count: document.count)
    for hook in found { isOurs[hook.table.index] = true }
    var lines: [Range<Int>] = []
    var beginsWithHeader = false
    for statement in document.statements where isOurs[statement.table] {
      if let last = lines.last, last.upperBound == statement.lines.lowerBound {
        lines[lines.count - 1] = last.lowerBound..<statement.lines.upperBound
      } else {
        lines.append(statement.lines)
        beginsWithHeader = statement.isHeader
      }
    }
    let bytes = document.bytes
    if withNewline, beginsWithHeader, let last = lines.last, last.upperBound == bytes.count {
      // The newline of a whole end of line in DOS style is none that nonet has put there.
      let before = bytes[..<last.lowerBound].suffix(2)
      if before.last == 0x0a, before.count < 2 || before.first != 0x0d {
        lines[lines.count - 1] = (last.lowerBound - 1)..<last.upperBound
      }
    }
    return lines
  }

  /// The text with something in the place of the first of some ranges, and without the others.
  private func replacing(_ ranges: [Range<Int>], with new: [UInt8]) -> [UInt8] {
    var text: [UInt8] = []
    var offset = 0
    for (index, range) in ranges.enumerated() {
      text += document.bytes[offset..<range.lowerBound]
      if index == 0 { text += new }
      offset = range.upperBound
    }
    return text + document.bytes[offset...]
  }

  /// Takes a text for the settings, where these are the hooks in it and everything else is as it was.
  private mutating func accept(
    _ text: [UInt8], _ expected: [TOMLValue]
  ) throws(HookSettings.SettingsError) {
    let new: TOMLDocument
    do throws(TOMLError) {
      new = try TOMLDocument(text)
    } catch {
      throw HookSettings.SettingsError(
        reason: "the change would not be TOML any more: line \(error.place(in: text).line): "
          + error.problem.words)
    }
    let hooks = new.root["hooks"]?.elements ?? []
    // A table that is left over would give the name another meaning.
    let isArray = new.root["hooks"].map { $0.kind == .array } ?? expected.isEmpty
    let (old, rest) = (Self.rest(of: document), Self.rest(of: new))
    let isSame =
      isArray && hooks.count == expected.count && zip(hooks, expected).allSatisfy { $0.says($1) }
      && old.count == rest.count
      && old.allSatisfy { member in new.root[member.name].map(member.value.says) ?? false }
    guard isSame else {
      let line = (found.first?.table).map(document.line) ?? 1
      throw HookSettings.SettingsError(
        reason: "\(line):1: more than the hook would change; take it out by hand")
    }
    document = new
  }

  /// The members of settings but the hooks.
  private static func rest(of document: TOMLDocument) -> [TOMLValue.Member] {
    document.root.members.filter { !$0.name.elementsEqual("hooks".utf8) }
  }
}
