internal import BPFAssembler

/// A file in which a hook is text, and which is nonet's alone.
///
/// What is not, to the byte, what nonet writes may keep the host from asking or from waiting, so it is
/// told.
struct HookText {
  let host: HookHost
  let form: HookHost.OwnText
  private(set) var bytes: [UInt8]

  /// A hook of ours in the text.
  private struct Found {
    /// What is run.
    let command: String
    /// Whether nothing but the command differs from what nonet writes.
    let isExact: Bool
  }

  init(_ text: [UInt8], of host: HookHost, _ form: HookHost.OwnText) {
    self.host = host
    self.form = form
    bytes = text
  }

  /// How the text stands to a hook that runs this command.
  func state(for command: String) -> HookSettings.State {
    guard let found else { return .missing }
    if !found.command.utf8.elementsEqual(command.utf8) { return .differs([found.command]) }
    return found.isExact ? .installed : .weakened([Self.weakness])
  }

  /// What is said of a hook that is not as nonet writes it.
  static var weakness: String { "there is more or less around the command than nonet writes" }

  /// The command of the hook.
  var command: String? { found?.command }

  /// Puts a hook in, or gives the one that is there this command.
  ///
  /// - Throws: Where the file is somebody else's.
  mutating func install(_ command: String) throws(HookSettings.SettingsError) {
    if state(for: command) == .installed { return }
    // What else is in it may be the user's own.
    guard isBlank || found?.isExact == true else {
      throw HookSettings.SettingsError(reason: "1:1: somebody else's hook is in this file")
    }
    bytes = entry(running: command)
  }

  /// Takes the hook out.
  ///
  /// - Throws: Where more is in the file.
  mutating func uninstall() throws(HookSettings.SettingsError) {
    guard let found else { return }
    guard found.isExact else {
      throw HookSettings.SettingsError(
        reason: "1:1: more is in this file than nonet writes; take the hook out by hand")
    }
    bytes = []
  }

  private var isBlank: Bool {
    bytes.allSatisfy { $0 == 0x20 || $0 == 0x09 || $0 == 0x0a || $0 == 0x0d }
  }

  private func entry(running command: String) -> [UInt8] {
    let text = form.isQuoted ? JSONText.string(command) : command
    return Array((form.before + text + form.after).utf8)
  }

  private var found: Found? {
    for start in bytes.indices {
      let text = bytes[start...]
      guard let value = form.isQuoted ? Self.quoted(text) : Self.bare(text),
        HookSettings.isOurs(value, host)
      else { continue }
      let command = String(decoding: value, as: UTF8.self)
      return Found(
        command: command, isExact: bytes.elementsEqual(entry(running: command)))
    }
    return nil
  }

  /// The string that a text begins to give the name `command`, as JSON writes it.
  private static func quoted(_ text: ArraySlice<UInt8>) -> [UInt8]? {
    let name = "command\"".utf8
    guard text.starts(with: name) else { return nil }
    var rest = text.dropFirst(name.count).drop { $0 == 0x20 || $0 == 0x09 }
    guard rest.first == UInt8(ascii: ":") else { return nil }
    rest = rest.dropFirst().drop { $0 == 0x20 || $0 == 0x09 }
    guard rest.first == quote else { return nil }
    var isEscaped = false
    for index in rest.indices.dropFirst() {
      if rest[index] == quote, !isEscaped { return string(Array(rest[...index])) }
      isEscaped = rest[index] == UInt8(ascii: "\\") && !isEscaped
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
}
