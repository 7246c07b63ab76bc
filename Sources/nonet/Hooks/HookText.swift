internal import BPFAssembler

/// Settings in which a hook is lines of text: a file that is nonet's alone, or a table of TOML among
/// others.
///
/// Lines that are not, to the byte, what nonet writes may keep the host from asking or from waiting, so
/// they are told and written anew.
struct HookText {
  let host: HookHost
  let form: HookHost.OwnText
  private(set) var bytes: [UInt8]

  /// A hook of ours in the text.
  private struct Found {
    /// Its lines.
    let range: Range<Int>
    /// What is run.
    let command: String
    /// Whether nothing but the command differs from what nonet writes.
    let isExact: Bool
    /// What somebody added behind it, by which the hook holds more.
    let addition: String
  }

  init(_ text: [UInt8], of host: HookHost, _ form: HookHost.OwnText) {
    self.host = host
    self.form = form
    bytes = text
  }

  /// How the text stands to a hook that runs this command.
  func state(for command: String) -> HookSettings.State {
    let found = found
    if found.isEmpty { return .missing }
    let commands = found.map { $0.command }
    if commands != [command] { return .differs(commands) }
    return found[0].isExact
      ? .installed : .weakened(["there is more or less around the command than nonet writes"])
  }

  /// The command of the hook, where there is exactly one.
  var command: String? {
    let found = found
    return found.count == 1 ? found[0].command : nil
  }

  /// Puts a hook in, or gives the one that is there this command.
  ///
  /// - Throws: Where the file is somebody else's, or its hooks are written in another way.
  mutating func install(_ command: String) throws(HookSettings.SettingsError) {
    if state(for: command) == .installed { return }
    let entry = entry(running: command)
    let found = found
    if form.isWholeFile {
      // What else is in it may be the user's own.
      guard isBlank || found.first?.isExact == true else {
        throw HookSettings.SettingsError(reason: "1:1: somebody else's hook is in this file")
      }
      bytes = entry
      return
    }
    if found.count == 1 {
      bytes.replaceSubrange(found[0].range, with: entry + found[0].addition.utf8)
      return
    }
    try uninstall()
    if let line = lineWithOtherHooks {
      throw HookSettings.SettingsError(
        reason:
          "\(line):1: hooks are written otherwise here than as [[hooks]], which rules that out")
    }
    // One newline more, which goes again with the hook.
    bytes += (bytes.isEmpty ? [] : [0x0a]) + entry
  }

  /// Takes every hook of ours out.
  ///
  /// - Throws: Where a file that was nonet's alone has more in it.
  mutating func uninstall() throws(HookSettings.SettingsError) {
    for hook in found.reversed() {
      if form.isWholeFile, !hook.isExact {
        throw HookSettings.SettingsError(
          reason: "1:1: more is in this file than nonet writes; take the hook out by hand")
      }
      let isLast = hook.range.upperBound == bytes.count
      let isApart = hook.range.lowerBound > 0 && isLast
      bytes.removeSubrange((hook.range.lowerBound - (isApart ? 1 : 0))..<hook.range.upperBound)
    }
  }

  private var isBlank: Bool {
    bytes.allSatisfy { $0 == 0x20 || $0 == 0x09 || $0 == 0x0a || $0 == 0x0d }
  }

  private func entry(running command: String) -> [UInt8] {
    let text = form.isQuoted ? JSONText.string(command) : command
    return Array((form.before + text + form.after).utf8)
  }

  private var found: [Found] {
    if form.isWholeFile { return hook(in: 0..<bytes.count).map { [$0] } ?? [] }
    let lines = TOMLLine.lines(of: bytes)
    var found: [Found] = []
    for (index, line) in lines.enumerated() where line.isHeader && line.text == "[[hooks]]" {
      let table = lines[index...].dropFirst().prefix { !$0.isHeader }
      // Blank lines and comments at its end belong to what follows.
      let last = table.last { !$0.isBlankOrComment } ?? line
      let starts = table.map { keyStart(of: $0) }
      if let hook = hook(in: line.range.lowerBound..<last.range.upperBound, at: starts) {
        found.append(hook)
      }
    }
    return found
  }

  /// Where the name in a line begins, behind its quotation mark.
  private func keyStart(of line: TOMLLine) -> Int {
    let text = bytes[line.range].drop { $0 == 0x20 || $0 == 0x09 }
    return text.first == Self.quote ? text.startIndex + 1 : text.startIndex
  }

  /// A hook of ours in a part of the text, whose command begins at one of these places.
  private func hook(in range: Range<Int>, at starts: [Int]? = nil) -> Found? {
    let text = bytes[range]
    for start in starts ?? Array(text.indices) where text.indices.contains(start) {
      guard let value = form.isQuoted ? Self.quoted(text[start...]) : Self.bare(text[start...]),
        HookSettings.isOurs(value, host)
      else { continue }
      let command = String(decoding: value, as: UTF8.self)
      let entry = entry(running: command)
      let addition = text.elementsEqual(entry + form.mayFollow.utf8) ? form.mayFollow : ""
      return Found(
        range: range, command: command,
        isExact: text.elementsEqual(entry + addition.utf8), addition: addition)
    }
    return nil
  }

  /// The string that a text begins to give the name `command`, as JSON and TOML write it.
  private static func quoted(_ text: ArraySlice<UInt8>) -> [UInt8]? {
    let name = "command".utf8
    guard text.starts(with: name) else { return nil }
    var rest = text.dropFirst(name.count)
    if rest.first == quote { rest = rest.dropFirst() }
    rest = rest.drop { $0 == 0x20 || $0 == 0x09 }
    guard rest.first == UInt8(ascii: "=") || rest.first == UInt8(ascii: ":") else { return nil }
    rest = rest.dropFirst().drop { $0 == 0x20 || $0 == 0x09 }
    guard let mark = rest.first, mark == quote || mark == UInt8(ascii: "'") else { return nil }
    var isEscaped = false
    for index in rest.indices.dropFirst() {
      if rest[index] == mark, !isEscaped {
        let value = rest[rest.startIndex...index]
        return mark == quote ? string(Array(value)) : Array(value.dropFirst().dropLast())
      }
      isEscaped = mark == quote && rest[index] == UInt8(ascii: "\\") && !isEscaped
    }
    return nil
  }

  /// What a text begins to run in `$(` and `)`, on one line.
  private static func bare(_ text: ArraySlice<UInt8>) -> [UInt8]? {
    guard text.starts(with: "$(".utf8) else { return nil }
    let line = text.dropFirst(2).prefix { $0 != 0x0a }
    return line.lastIndex(of: UInt8(ascii: ")")).map { Array(line[..<$0]) }
  }

  private static let quote = UInt8(ascii: "\"")

  private static func string(_ text: [UInt8]) -> [UInt8]? {
    do throws(JSONError) {
      return try JSONDocument(text).root.utf8
    } catch {
      return nil
    }
  }

  /// The number of a line by which `[[hooks]]` would be a second meaning of the same name.
  private var lineWithOtherHooks: Int? {
    let lines = TOMLLine.lines(of: bytes)
    let first = lines.firstIndex { $0.isHeader } ?? lines.count
    for (index, line) in lines.enumerated() {
      // A name may stand in quotation marks.
      let text = line.text.filter { $0 != "\"" && $0 != "'" }
      let isHeader = line.isHeader && (text.hasPrefix("[hooks]") || text.hasPrefix("[hooks."))
      let isValue = index < first && (text.hasPrefix("hooks=") || text.hasPrefix("hooks."))
      // An escape may spell any name.
      let name = line.isBlankOrComment ? "" : line.text.prefix { line.isHeader || $0 != "=" }
      if isHeader || isValue || name.contains("\\") { return index + 1 }
    }
    return nil
  }
}

/// A line of TOML that does not begin inside a value.
struct TOMLLine {
  /// Where it stands, with its end.
  let range: Range<Int>
  /// Its text without blanks.
  let text: String

  /// Whether it begins a table.
  var isHeader: Bool { text.hasPrefix("[") }
  /// Whether it says nothing.
  var isBlankOrComment: Bool { text.isEmpty || text.hasPrefix("#") }

  /// The lines of a text, of which those that are inside a string or an array of several lines belong to the
  /// line in which it begins (TOML 1.0, "String" and "Array").
  static func lines(of bytes: [UInt8]) -> [TOMLLine] {
    var lines: [TOMLLine] = []
    var start = 0
    var at = 0
    // How many brackets are open.
    var depth = 0
    // What ends the string that `at` is in: one mark, or three.
    var end: [UInt8] = []
    while at < bytes.count {
      let byte = bytes[at]
      if !end.isEmpty {
        if byte == UInt8(ascii: "\\"), end[0] == UInt8(ascii: "\"") {
          at += 2
          continue
        }
        if bytes[at...].starts(with: end) {
          at += end.count
          end = []
          continue
        }
        // A string of one line that does not end there is no TOML; the line ends.
        guard byte == 0x0a, end.count == 1 else {
          at += 1
          continue
        }
        end = []
      }
      if byte == UInt8(ascii: "[") || byte == UInt8(ascii: "{") { depth += 1 }
      if byte == UInt8(ascii: "]") || byte == UInt8(ascii: "}") { depth = max(0, depth - 1) }
      if byte == 0x0a, depth == 0 {
        lines.append(TOMLLine(bytes, start..<(at + 1)))
        start = at + 1
      } else if byte == UInt8(ascii: "#") {
        at = bytes[at...].firstIndex(of: 0x0a) ?? bytes.count
        continue
      } else if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
        let three = [byte, byte, byte]
        end = bytes[at...].starts(with: three) ? three : [byte]
        at += end.count
        continue
      }
      at += 1
    }
    if start < bytes.count { lines.append(TOMLLine(bytes, start..<bytes.count)) }
    return lines
  }

  private init(_ bytes: [UInt8], _ range: Range<Int>) {
    self.range = range
    let text = bytes[range].filter { $0 != 0x20 && $0 != 0x09 && $0 != 0x0d && $0 != 0x0a }
    self.text = String(decoding: text, as: UTF8.self)
  }
}
