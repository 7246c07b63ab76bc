internal import BPFAssembler

/// `nonet --hook HOST --try`: asks the installed hook as the host would, and runs what it answers.
struct HookTrial {
  let options: Options
  let host: HookHost

  private static let largest = 1 << 20

  /// Prints whether a harmless command ran confined.
  ///
  /// - Returns: The exit status: 0 where it did, else 1.
  func perform() throws(Failure) -> CInt {
    let file = try HookFile(host, managed: options.isManaged)
    guard let hook = file.document.command else {
      try printOut("not tried: no hook of nonet, or more than one, is in \(file.shown)\n")
      return 1
    }
    guard let program = OwnProgram.path else {
      throw .refused("no path leads to the file of this nonet any more; install it again")
    }
    let command =
      ShellText.word(program) + Array(" \(OptionName.inside.rawValue)".utf8)
    let line = isReason ? "{ \(hook); } 2>&1 >/dev/null" : hook
    let answer = try Self.run(
      [Array("sh".utf8), Array("-c".utf8), Array(line.utf8)], question(command))
    guard case .exited(let status) = answer.end, let told = told(answer.text),
      status == (isReason ? Failure.blockedStatus : 0)
    else {
      try printOut("not confined: the hook in \(file.shown) does not answer with a command\n")
      return 1
    }
    let run = try Self.run([Array("bash".utf8), Array("-c".utf8), told], [])
    guard case .exited(0) = run.end else {
      try printOut("not confined: what the hook answered ran outside, or did not run\n")
      return 1
    }
    let doubts = try HookStatus.doubts(about: file, running: hook, host)
    let words = doubts.map { "but \($0)\n" }.joined()
    try printOut(
      "confined: asked as \(host.name) asks, the hook gave a command that ran inside\n\(words)"
        + "only the host's own shell is proof; have its agent run: "
        + String(decoding: ShellText.word(program), as: UTF8.self) + " --check\n")
    return doubts.isEmpty ? 0 : 1
  }

  private static func run(
    _ words: [[UInt8]], _ input: [UInt8]
  ) throws(Failure) -> (text: [UInt8], end: ChildChange) {
    do throws(SystemError) {
      return try output(of: words, input: input, limit: largest)
    } catch {
      throw .system(error, "the hook could not be tried")
    }
  }

  /// The host's question about a command.
  private func question(_ command: [UInt8]) -> [UInt8] {
    let text = String(decoding: command, as: UTF8.self)
    let command = JSONText.string(text)
    let input = JSONText.object([
      (host.members.command, host.members.mayHaveSeveral ? JSONText.array([command]) : command)
    ])
    let call = [
      (host.members.tool, JSONText.string(host.shellTools.first ?? "")),
      (host.members.input, host.members.inputMayBeText ? JSONText.string(input) : input),
    ]
    let event = host.members.event.map { [($0, JSONText.string(host.before.event))] } ?? []
    let members = host.members.call.map { [($0, JSONText.object(call))] } ?? call
    return Array(JSONText.object(event + members).utf8)
  }

  private var rewriting: HookHost.Rewriting? {
    guard case .command(let rewriting, _) = host.before.subject else { return nil }
    return rewriting
  }

  /// Whether the answer is a reason on standard error.
  private var isReason: Bool { rewriting?.isReason ?? false }

  /// The command in an answer.
  private func told(_ answer: [UInt8]) -> [UInt8]? {
    guard let rewriting else { return nil }
    if rewriting.isReason { return Self.told(Array(answer.dropLast()), rewriting) }
    do throws(JSONError) {
      var value: JSONValue? = try JSONDocument(answer).root
      for name in rewriting.told { value = value?[name] }
      return (value?.elements.first ?? value)?.utf8.flatMap { Self.told($0, rewriting) }
    } catch {
      return nil
    }
  }

  /// The command in what an agent is told.
  private static func told(_ text: [UInt8], _ rewriting: HookHost.Rewriting) -> [UInt8]? {
    guard rewriting.isAdvice else { return text }
    let advice = HookHost.Rewriting.advice.utf8
    return text.starts(with: advice) ? Array(text.dropFirst(advice.count)) : nil
  }
}
