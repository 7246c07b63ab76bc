internal import BPFAssembler
internal import CLinuxShims

/// `nonet -- COMMAND`: puts the walls up and becomes the command.
struct Run {
  let options: Options
  /// The command and its arguments, null-terminated, as the kernel gave them.
  let command: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
  /// The program, where the command's first word is not its name.
  var program: Word?

  /// Runs the command in place of this process.
  ///
  /// - Throws: Always, when it comes back; the command then did not run.
  func perform() throws(Failure) {
    guard let name = program ?? command.pointee.map(Word.init(pointer:)), name.pointer.pointee != 0
    else {
      throw .notFound("the command is an empty word")
    }
    // Looked for once: the file that names it could change, and with it what would be started.
    var interpreter: [UInt8]?
    let (plan, confined) = try Self.prepared(options) {
      interpreter = PythonCommand.interpreter(of: words, header: PythonCommand.header)
      return interpreter != nil
    }
    try hint(confined.name, plan)
    if options.isOffline { try switchOffline() }
    say(about: plan)
    try raise(plan, confined)
    guard plan.walls.contains(.python) else { try become(name) }
    guard let preset = options.preset, let interpreter else {
      throw .refused("the Python wrapper does not fit this command, so it was not run")
    }
    try become(wrapped(preset, interpreter))
  }

  /// All that can be refused before the first wall goes up.
  ///
  /// - Parameters:
  ///   - options: The command line.
  ///   - isPythonCommand: Asked only where the answer matters.
  /// - Returns: The walls to put up and what they need to know of the policy.
  /// - Throws: Why the command would not run.
  static func prepared(
    _ options: Options, isPythonCommand: () -> Bool
  ) throws(Failure) -> (plan: Plan, policy: ConfinedPolicy) {
    let plan = try PlanChoice(options).plan(isPythonCommand: isPythonCommand)
    if options.logDirectory != nil, !plan.walls.contains(.python) {
      throw .refused("--log-dir is not available in this version, but for --backend python")
    }
    return (plan, try ConfinedPolicy(options, plan))
  }

  private var words: [[UInt8]] {
    var words: [[UInt8]] = program.map { [$0.bytes] } ?? []
    var next = command + words.count
    while let word = next.pointee {
      words.append(Word(pointer: word).bytes)
      next += 1
    }
    return words
  }

  private func wrapped(_ preset: Preset, _ interpreter: [UInt8]) throws(Failure) -> [[UInt8]] {
    let wrapper = PythonWrapper(
      interpreter: interpreter, preset: preset, errno: options.errno,
      isBestEffort: options.isBestEffort, isQuiet: options.isQuiet, isVerbose: options.isVerbose,
      logDirectory: options.logDirectory?.bytes)
    do throws(SystemError) {
      return try wrapper.words(for: words)
    } catch {
      throw .system(error, "the Python wrapper could not be written, so the command was not run")
    }
  }

  private func raise(_ plan: Plan, _ confined: ConfinedPolicy) throws(Failure) {
    let walls = Walls(
      plan: plan, program: confined.program, sockets: confined.sockets,
      report: options.isVerbose ? { nonet.say("\($0.name): \($1)") } : nil)
    do throws(WallFailure) {
      try walls.raise()
    } catch {
      throw Self.words(error)
    }
  }

  private func say(about plan: Plan) {
    if options.isVerbose {
      for absence in plan.absences { nonet.say("not used: \(absence)") }
    }
    // Nobody shall miss that nothing confines the command.
    if options.isQuiet, !plan.walls.isEmpty { return }
    for warning in plan.warnings { nonet.say("warning: \(warning)") }
  }

  private static func words(_ failure: WallFailure) -> Failure {
    let sequel = "so the command was not run"
    switch failure {
    case .system(let wall, let error):
      return .system(error, "the wall '\(wall.name)' did not go up, \(sequel)")
    case .namespace(let failure):
      return .refused(
        "the wall 'namespace' did not go up, \(sequel): \(failure.reason); \(failure.advice)")
    case .forbidden(let descriptor):
      return .refused(
        "\(descriptor.description) and would lead outside, \(sequel); close or redirect it")
    }
  }

  private func hint(_ policy: String, _ plan: Plan) throws(Failure) {
    try set("NONET", "\(policy):\(plan.summary)")
  }

  private func switchOffline() throws(Failure) {
    let names = environmentNames
    for offline in OfflineSwitch.all {
      if let name = offline.name(among: names) {
        if options.isVerbose { nonet.say("offline: \(name) is set and stays (\(offline.tool))") }
        continue
      }
      try set(offline.variable, offline.value)
      if options.isVerbose {
        nonet.say("offline: \(offline.variable)=\(offline.value) (\(offline.tool))")
      }
    }
  }

  private func set(_ name: StaticString, _ value: String) throws(Failure) {
    do throws(SystemError) {
      try setEnvironment(name, value)
    } catch {
      throw .system(error, "the environment could not be set, so the command was not run")
    }
  }

  private func become(_ words: [[UInt8]]) throws(Failure) -> Never {
    do throws(SystemError) {
      try replaceProcess(with: words)
    } catch {
      let name = Word.text(of: words.first ?? [])
      throw error.number == ENOENT
        ? .notFound("the interpreter '\(name)' was not found")
        : .notRunnable("the interpreter '\(name)' could not be run: \(error.reason)")
    }
  }

  private func become(_ name: Word) throws(Failure) -> Never {
    do throws(SystemError) {
      try replaceProcess(with: name.pointer, arguments: command)
    } catch {
      let hasSlash = name.bytes.contains(UInt8(ascii: "/"))
      switch error.number {
      case ENOENT where !hasSlash:
        throw .notFound("'\(name.text)': not found along PATH")
      case ENOENT where fileExists(name.pointer):
        throw .notFound("'\(name.text)': its interpreter or loader was not found")
      case EACCES where hasSlash && isDirectory(name.pointer):
        throw .notRunnable("'\(name.text)' is a directory")
      case ENOENT:
        throw .notFound("'\(name.text)': \(error.reason)")
      case _:
        throw .notRunnable("'\(name.text)' could not be run: \(error.reason)")
      }
    }
  }
}
