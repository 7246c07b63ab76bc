/// `nonet --hook HOST`: reads what a host asks about a command and answers with the command confined.
///
/// Hosts take every end but status 2 for leave to run the command as it is, so every failure in here
/// has that status, faults of this program included.
struct Hook {
  let options: Options
  let host: HookHost

  /// How long an answer may take; hosts give up on a hook later than this, and then run the command.
  private static let deadline: UInt32 = 5

  /// Answers one question.
  ///
  /// - Returns: The exit status: 0, or 2 where the answer is a reason on standard error.
  /// - Throws: Only failures with status 2.
  func answer() throws(Failure) -> CInt {
    do throws(Failure) {
      return try give(reply())
    } catch {
      throw .blocked(error)
    }
  }

  private func reply() throws(Failure) -> HookAnswer {
    do throws(SystemError) {
      try endOnSignals(
        status: Failure.blockedStatus,
        words: "nonet: blocked: the hook was interrupted before it had answered\n",
        after: Self.deadline)
    } catch {
      throw .system(error, "the hook cannot be guarded")
    }
    // A file that is opened later would take its place.
    guard isOpen(STDOUT_FILENO) else { throw .refused("standard output is closed") }
    switch try question() {
    case .otherTool(let passing): return .nothing(passing)
    case .failure(let error, let event):
      return Refusal.reason(in: error).map { .explaining($0, event: event) } ?? .nothing("{}")
    case .commands(let commands, let place):
      // A prefix that confines this hook confines the command too.
      if place.asker.name == host.name, ShellPrefix(options, host)?.holds == true {
        return .confined(place.subject)
      }
      let session = Self.session(of: options, place.session)
      let keepsFolder = place.asker.keepsFolder
      let confinement = try Self.confinement(options, session, handsFolder: keepsFolder)
      // One host may read the hooks of another too, whose line has the other form.
      let other = try Self.confinement(options, session, handsFolder: !keepsFolder)
      let confined = commands.map { command in
        confinement.isConfined(command) || other.isConfined(command)
          ? command : confinement.wrapping(command)
      }
      if confined == commands { return .confined(place.subject) }
      // The nonet that runs the command reads the environment too: better blocked with the reason now.
      try Self.check(options.withEnvironment(), entersNamespace: true)
      for (command, line) in zip(commands, confined) where line.count > confinement.longestLine {
        throw .refused(
          "the command has \(command.count) bytes, and with nonet around it more than the kernel "
            + "takes; put it into a file and run that")
      }
      return .confining(confined, place)
    }
  }

  /// Prints an answer where the host looks for it.
  private func give(_ answer: HookAnswer) throws(Failure) -> CInt {
    guard answer.isReason else {
      try printOut(answer.text)
      return 0
    }
    do throws(SystemError) {
      try writeAll(answer.text, to: STDERR_FILENO)
    } catch {
      throw .system(error, "cannot write to standard error")
    }
    return Failure.blockedStatus
  }

  /// How commands are confined by a hook with these options.
  private static func confinement(
    _ options: Options, _ session: [[UInt8]], handsFolder: Bool
  ) throws(Failure) -> ConfinedCommand {
    let folder = handsFolder ? [OptionName.handsFolder] : []
    return ConfinedCommand(
      try words(options) + session + (added(to: options) + folder).map { Array($0.rawValue.utf8) },
      handsFolder: handsFolder)
  }

  /// The words by which commands of one conversation share their network.
  ///
  /// - Parameters:
  ///   - options: The hook's; `--loopback` is what asks for it.
  ///   - session: What the host calls the conversation. One that is no name leaves each command by itself.
  /// - Returns: `--session` and its value; none where each command has a network of its own, or the hook names a session
  ///   itself.
  static func session(of options: Options, _ session: [UInt8]?) -> [[UInt8]] {
    guard options.preset == .loopback, options.session == nil, let session,
      Session.isName(session)
    else { return [] }
    return [Array(OptionName.session.rawValue.utf8), session]
  }

  /// Options that every hook adds to what its command line says: an agent must be told why its command failed.
  static func added(to options: Options) -> [OptionName] {
    [.hint].filter { name in !options.given.contains { $0.name == name } }
  }

  /// The absolute path of this program, and the options for commands of a hook with these options.
  ///
  /// - Throws: What is wrong with the options, or with the path of this program.
  static func words(_ options: Options) throws(Failure) -> [[UInt8]] {
    let given = options.given.filter { !$0.name.isOfHooks }
    try options.refuseUnfitting(among: given)
    guard let program = OwnProgram.path else {
      throw .refused("no path leads to the file of this nonet any more; install it again")
    }
    if Shell.isName(program) {
      throw .refused("the file of this nonet is called nonet-shell; install it as nonet")
    }
    let words: [[UInt8]]
    do throws(SystemError) {
      words = [program] + (try Options.words(of: given))
    } catch {
      throw .system(error, "a file's name cannot be made absolute")
    }
    guard words.allSatisfy({ firstInvalidUTF8(in: $0) == nil }) else {
      throw .refused("the path of nonet or an option is not UTF-8, which JSON has to be")
    }
    return words
  }

  /// Refuses what would fail with these options on this machine, where a command would be refused.
  ///
  /// - Parameters:
  ///   - options: The options of the command.
  ///   - entersNamespace: Whether this process has nothing to do with files any more.
  /// - Throws: Why a command would not run.
  static func check(_ options: Options, entersNamespace: Bool) throws(Failure) {
    // Nothing that a hook says itself depends on these.
    options.isQuiet = true
    options.isForEveryCommand = true
    _ = try RunPreparation.prepared(options, entersNamespace: entersNamespace) { false }
  }

  private func question() throws(Failure) -> HookQuestion {
    let text: [UInt8]
    do throws(SystemError) {
      text = try readAll(from: STDIN_FILENO, limit: HookQuestion.largest)
    } catch {
      throw .system(error, "standard input cannot be read")
    }
    do throws(HookQuestion.QuestionError) {
      return try HookQuestion(text, from: host)
    } catch {
      throw .refused(error.reason)
    }
  }
}
