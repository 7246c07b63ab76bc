internal import BPFAssembler

/// What a host asks before one of its tools does something.
enum HookQuestion {
  /// A shell is to run a command.
  case command([UInt8], Splice)
  /// A command has failed, with this said by the host.
  case failure([UInt8], event: String)
  /// A tool that runs no commands, which a matcher brought here by mistake.
  case otherTool

  /// Where the command stands.
  struct Splice {
    /// The object that holds it.
    let input: JSONValue
    /// The command's own string.
    let command: JSONValue
    /// What was asked.
    let subject: HookHost.Subject
    /// How it is answered.
    let rewriting: HookHost.Rewriting
    /// What the host calls the conversation; `nil` where it does not say.
    let session: [UInt8]?

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
    let moment = try Self.moment(root, host)
    let session = try Self.only(host.members.session, of: root)?.utf8
    switch moment.subject {
    case .bareCommand(let rewriting, _):
      self = try Self.command(in: root, moment.subject, rewriting, session)
    case .command(let rewriting, _):
      guard let input = try Self.shellInput(root, host) else {
        self = .otherTool
        return
      }
      self = try Self.command(in: input, moment.subject, rewriting, session)
    case .failure:
      let error = try Self.only("error", of: root)
      self = .failure(error?.utf8 ?? [], event: moment.event)
    }
  }

  /// What is asked.
  private static func moment(
    _ root: JSONValue, _ host: HookHost
  ) throws(QuestionError) -> HookHost.Moment {
    guard let member = host.members.event else { return host.before }
    let event = try only(member, of: root)
    for moment in host.moments {
      if event?.spells(moment.event) == true { return moment }
      // The first versions of such a host said no event.
      if event == nil, host.members.mayOmitEvent, case .bareCommand = moment.subject {
        return moment
      }
    }
    throw QuestionError(
      reason:
        "\(member) is '\(printable(event?.text ?? "(missing)"))', and this hook is for "
        + host.moments.map { $0.event }.joined(separator: " and "))
  }

  /// The input of the shell tool; `nil` where another tool is asked about that runs no commands.
  private static func shellInput(
    _ root: JSONValue, _ host: HookHost
  ) throws(QuestionError) -> JSONValue? {
    let name = try only(host.members.tool, of: root)
    guard let found = try only(host.members.input, of: root),
      let input = try object(found, host)
    else { throw QuestionError(reason: "\(host.members.input) is missing or no object") }
    if name?.spells(host.shellTool) == true { return input }
    guard let name = name?.text, !looksLikeShell(name, input) else {
      throw QuestionError(
        reason: "the tool '\(printable(name?.text ?? "(no name)"))' looks like a shell, and "
          + "this hook knows only '\(host.shellTool)'; take the tool away, or give the hook the "
          + "matcher \"\(host.before.matcher ?? host.shellTool)\"")
    }
    return nil
  }

  /// The object in a value, or in the JSON of a string where the host has it so.
  private static func object(
    _ value: JSONValue, _ host: HookHost
  ) throws(QuestionError) -> JSONValue? {
    if value.kind == .object { return value }
    guard host.members.inputMayBeText, let text = value.utf8 else { return nil }
    do throws(JSONError) {
      let root = try JSONDocument(text, JSONOptions(mostBytes: largest)).root
      return root.kind == .object ? root : nil
    } catch {
      throw QuestionError(reason: "\(host.members.input) is not JSON: \(error)")
    }
  }

  private static func command(
    in input: JSONValue, _ subject: HookHost.Subject, _ rewriting: HookHost.Rewriting,
    _ session: [UInt8]?
  ) throws(QuestionError) -> HookQuestion {
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
    let place = Splice(
      input: input, command: command, subject: subject, rewriting: rewriting,
      session: session)
    return .command(bytes, place)
  }

  /// The one member of a name.
  ///
  /// Two would mean one command to us and perhaps another to the host. Hosts written in Go read the last
  /// of any case.
  private static func only(_ name: String, of object: JSONValue) throws(QuestionError) -> JSONValue?
  {
    let members = object.members.filter { $0.name.spellsInAnyCase(name) }
    if members.count > 1 {
      throw QuestionError(reason: "'\(name)' is said twice in the hook's JSON")
    }
    guard let member = members.first else { return nil }
    guard member.name.spells(name) else {
      throw QuestionError(reason: "'\(name)' is spelled otherwise in the hook's JSON")
    }
    return member.value
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
