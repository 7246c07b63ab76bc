internal import BPFAssembler

/// What a host asks before one of its tools does something.
enum HookQuestion {
  /// A shell is to run a command.
  case command([UInt8], Splice)
  /// A tool that runs no commands, which a matcher brought here by mistake.
  case otherTool

  /// Where the command stands.
  struct Splice {
    /// The object that holds it.
    let input: JSONValue
    /// The command's own string.
    let command: JSONValue

    /// The object as it is written, up to the command with its first quotation mark.
    var before: ArraySlice<UInt8> {
      input.document.bytes[input.range.lowerBound...command.range.lowerBound]
    }

    /// The rest of the object, from the command's last quotation mark.
    var after: ArraySlice<UInt8> {
      input.document.bytes[(command.range.upperBound - 1)..<input.range.upperBound]
    }
  }

  /// Why a question cannot be answered, as a sentence; its command must not run.
  struct QuestionError: Error {
    let reason: String
  }

  /// The largest question: a command as long as can be run, each byte written as an escape, and much
  /// room for the rest.
  static let largest = 4 << 20

  /// Reads a question.
  ///
  /// - Parameters:
  ///   - text: What came on standard input.
  ///   - host: Who asks.
  /// - Throws: Whatever is not exactly as the host is known to ask.
  init(_ text: [UInt8], from host: HookHost) throws(QuestionError) {
    let document: JSONDocument
    do throws(JSONError) {
      document = try JSONDocument(text, JSONOptions(mostBytes: Self.largest))
    } catch {
      throw QuestionError(reason: "what \(host.name) sent is not the JSON of a hook: \(error)")
    }
    let root = document.root
    guard root.kind == .object else {
      throw QuestionError(reason: "what \(host.name) sent is not the JSON of a hook: no object")
    }
    try Self.checkEvent(root, host)
    guard let shellTool = host.shellTool else {
      self = try Self.command(in: root)
      return
    }
    let name = try Self.only("tool_name", of: root)
    guard let input = try Self.only("tool_input", of: root), input.kind == .object else {
      throw QuestionError(reason: "tool_input is missing or no object")
    }
    if name?.spells(shellTool) == true {
      self = try Self.command(in: input)
      return
    }
    guard let name = name?.text, !Self.looksLikeShell(name, input) else {
      throw QuestionError(
        reason: "the tool '\(Self.printable(name?.text ?? "(no name)"))' looks like a shell, and "
          + "this hook knows only '\(shellTool)'; take the tool away, or give the hook the matcher "
          + "\"\(shellTool)\"")
    }
    self = .otherTool
  }

  private static func checkEvent(_ root: JSONValue, _ host: HookHost) throws(QuestionError) {
    let event = try only("hook_event_name", of: root)
    if event == nil, host.mayOmitEvent { return }
    guard event?.spells(host.event) == true else {
      throw QuestionError(
        reason:
          "hook_event_name is '\(printable(event?.text ?? "(missing)"))', and this hook is for "
          + "\(host.event)")
    }
  }

  private static func command(in input: JSONValue) throws(QuestionError) -> HookQuestion {
    guard let command = try only("command", of: input) else {
      throw QuestionError(reason: "there is no command in the hook's JSON")
    }
    guard command.kind == .string else { throw QuestionError(reason: "the command is no string") }
    guard let bytes = command.utf8 else {
      throw QuestionError(reason: "the command has half of a surrogate pair, which is no character")
    }
    if bytes.contains(0) {
      throw QuestionError(reason: "the command has a NUL, which no shell can run")
    }
    return .command(bytes, Splice(input: input, command: command))
  }

  /// The one member of a name.
  ///
  /// Two would mean one command to us and perhaps another to the host.
  private static func only(_ name: String, of object: JSONValue) throws(QuestionError) -> JSONValue?
  {
    let members = object.members.filter { $0.name.spells(name) }
    if members.count > 1 {
      throw QuestionError(reason: "'\(name)' is said twice in the hook's JSON")
    }
    return members.first?.value
  }

  /// Whether a tool may run commands: it says so in its name, or takes something like one.
  private static func looksLikeShell(_ name: String, _ input: JSONValue) -> Bool {
    // They read from and end a shell that was started under the hook's eyes.
    if ["BashOutput", "KillBash", "KillShell"].contains(name) { return false }
    if input.members.contains(where: { member in
      ["command", "commands", "cmd", "script"].contains { member.name.spells($0) }
    }) {
      return true
    }
    let lower = name.utf8.map { $0.lowercased }
    return ["bash", "shell", "exec", "command", "terminal"].contains { lower.contains($0) }
  }

  /// A name from outside, safe for a terminal and for one line.
  private static func printable(_ text: String) -> String {
    SafeText.shown(Array(text.utf8.prefix(64)))
  }
}
