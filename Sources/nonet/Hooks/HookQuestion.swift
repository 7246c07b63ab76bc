internal import BPFAssembler

/// What a host asks before one of its tools does something.
enum HookQuestion {
  /// A shell is to run these commands, of which there is at least one.
  case commands([[UInt8]], Splice)
  /// A command has failed, with this said by the host.
  case failure([UInt8], event: String)
  /// A tool that runs no commands, which a matcher brought here by mistake, with what the host wants to
  /// hear then.
  case otherTool(passing: String)

  /// Where the commands stand.
  struct Splice {
    /// The object that holds them.
    let input: JSONValue
    /// The commands' own strings, in the order in which they stand.
    let commands: [JSONValue]
    /// Who asks.
    let asker: HookHost
    /// What was asked.
    let subject: HookHost.Subject
    /// How it is answered.
    let rewriting: HookHost.Rewriting
    /// What the host calls the conversation; `nil` where it does not say.
    let session: [UInt8]?

    /// The object as it is written, with other commands in it.
    func input(with others: [[UInt8]]) -> [UInt8] {
      let bytes = input.document.bytes
      var text: [UInt8] = []
      var start = input.range.lowerBound
      for (command, other) in zip(commands, others) {
        text += bytes[start...command.range.lowerBound]
        text.append(inString: other)
        start = command.range.upperBound - 1
      }
      return text + bytes[start..<input.range.upperBound]
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
    let asker = try Self.asker(root, host)
    let moment = try Self.moment(root, asker)
    let session = try Self.session(root, asker)
    switch moment.subject {
    case .bareCommand(let rewriting, _):
      self = try Self.commands(in: root, asker, moment.subject, rewriting, session)
    case .command(let rewriting, _):
      guard let input = try Self.shellInput(root, asker) else {
        self = .otherTool(passing: asker.passing)
        return
      }
      self = try Self.commands(in: input, asker, moment.subject, rewriting, session)
    case .failure:
      let error = try Self.only("error", of: root)
      self = .failure(error?.utf8 ?? [], event: moment.event)
    }
  }

  /// Who asks: the host, or another one that reads its settings and names its own shell tool.
  private static func asker(
    _ root: JSONValue, _ host: HookHost
  ) throws(QuestionError) -> HookHost {
    for name in host.readers {
      guard let reader = HookHost(named: name) else { continue }
      let tool = try only(reader.members.tool, of: try call(root, reader) ?? root)
      if reader.shellTools.contains(where: { tool?.spells($0) == true }) { return reader }
    }
    return host
  }

  /// The object that has the tool and its input; `nil` where there is none.
  private static func call(
    _ root: JSONValue, _ host: HookHost
  ) throws(QuestionError) -> JSONValue? {
    guard let name = host.members.call else { return root }
    return try only(name, of: root)
  }

  private static func session(
    _ root: JSONValue, _ host: HookHost
  ) throws(QuestionError) -> [UInt8]? {
    for name in host.members.sessions {
      if let session = try only(name, of: root) { return session.utf8 }
    }
    return nil
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
    guard let call = try call(root, host) else {
      throw QuestionError(reason: "\(host.members.call ?? "the call") is missing")
    }
    let name = try only(host.members.tool, of: call)
    guard let found = try only(host.members.input, of: call),
      let input = try object(found, host)
    else { throw QuestionError(reason: "\(host.members.input) is missing or no object") }
    if host.shellTools.contains(where: { name?.spells($0) == true }) { return input }
    let shell = host.shellTools.first ?? ""
    guard let name = name?.text, !looksLikeShell(name, input) else {
      throw QuestionError(
        reason: "the tool '\(printable(name?.text ?? "(no name)"))' looks like a shell, and "
          + "this hook knows only '\(shell)'; take the tool away, or give the hook the "
          + "matcher \"\(host.before.matcher ?? shell)\"")
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

  private static func commands(
    in input: JSONValue, _ asker: HookHost, _ subject: HookHost.Subject,
    _ rewriting: HookHost.Rewriting, _ session: [UInt8]?
  ) throws(QuestionError) -> HookQuestion {
    guard let found = try only(asker.members.command, of: input) else {
      throw QuestionError(reason: "there is no command in the hook's JSON")
    }
    let isList = asker.members.mayHaveSeveral && found.kind == .array
    let commands = isList ? found.elements : [found]
    if commands.isEmpty { throw QuestionError(reason: "there is no command in the list") }
    var texts: [[UInt8]] = []
    for command in commands { texts.append(try text(of: command)) }
    let place = Splice(
      input: input, commands: commands, asker: asker, subject: subject, rewriting: rewriting,
      session: session)
    return .commands(texts, place)
  }

  private static func text(of command: JSONValue) throws(QuestionError) -> [UInt8] {
    guard command.kind == .string else { throw QuestionError(reason: "the command is no string") }
    guard let bytes = command.utf8 else {
      throw QuestionError(reason: "the command has half of a surrogate pair, which is no character")
    }
    if bytes.contains(0) {
      throw QuestionError(reason: "the command has a NUL, which no shell can run")
    }
    return bytes
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
    let harmless = [
      "BashOutput", "KillBash", "KillShell", "get_terminal_output", "await_terminal",
      "kill_terminal", "terminal_last_command", "terminal_selection",
    ]
    if harmless.contains(name) { return false }
    if holdsCommand(input) { return true }
    let lower = name.utf8.map { $0.lowercased }
    return ["bash", "shell", "exec", "command", "terminal", "run_task"].contains {
      lower.contains($0)
    }
  }

  /// Whether a value has a member that is named like a command, however deep.
  private static func holdsCommand(_ value: JSONValue) -> Bool {
    let names = ["command", "commands", "commandLine", "cmd", "script"]
    return value.members.contains { member in
      names.contains { member.name.spellsInAnyCase($0) } || holdsCommand(member.value)
    } || value.elements.contains { holdsCommand($0) }
  }

  /// A name from outside, safe for a terminal and for one line.
  private static func printable(_ text: String) -> String {
    SafeText.shown(Array(text.utf8.prefix(64)))
  }
}
