internal import BPFAssembler

/// `nonet -- COMMAND`: applies the layers and becomes the command.
struct Run {
  let options: Options
  /// The command and its arguments, null-terminated, as the kernel gave them.
  let command: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
  /// The program, where the command's first word is not its name.
  var program: Word?

  /// Runs the command: in place of this process, or as its child where it is to be supervised.
  ///
  /// - Returns: The exit status of a supervised command; otherwise it does not come back.
  /// - Throws: Why the command did not run.
  func perform() throws(Failure) -> CInt {
    guard let name = program ?? command.pointee.map(Word.init(pointer:)), name.pointer.pointee != 0
    else {
      throw .notFound("the command is an empty word")
    }
    if options.isVerbose { for note in options.notes { nonet.say(note) } }
    let canSupervise = try SupervisedRun.reserveRoom(options)
    // Looked for once: the file that names it could change, and with it what would be started.
    var interpreter: [UInt8]?
    let session = try SessionName.session(options)
    let (plan, confined, isSupervised) = try RunPreparation.prepared(
      options, entersNamespace: options.canDoWithoutSupervisor && session == nil
    ) {
      interpreter = PythonCommand.interpreter(of: words, header: PythonCommand.header)
      return interpreter != nil
    }
    try hint(confined.name, plan)
    if options.isOffline { try switchOffline() }
    if !options.isObserving { say(about: plan, confined) }
    let enforcement = enforcement(plan, confined, session)
    if isSupervised, canSupervise {
      let run = SupervisedRun(
        options: options, name: name, command: command, plan: plan, confined: confined,
        enforcement: enforcement)
      if let status = try run.perform() { return status }
      try apply { () throws(LayerError) in try enforcement.applyOwn() }
    } else {
      try apply { () throws(LayerError) in try enforcement.apply() }
    }
    guard plan.layers.contains(.python) else { try become(name) }
    guard let preset = options.preset, let interpreter else {
      throw .refused("the Python wrapper does not fit this command, so it was not run")
    }
    try become(wrapped(preset, interpreter))
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

  private func enforcement(
    _ plan: Plan, _ confined: ConfinedPolicy, _ session: Session?
  ) -> Enforcement {
    Enforcement(
      plan: plan, filter: confined.filter, sockets: confined.sockets, session: session,
      ruleset: confined.held?.ruleset,
      report: options.isVerbose ? { nonet.say("\($0.name): \($1)") } : nil)
  }

  private func apply(_ layers: () throws(LayerError) -> Void) throws(Failure) {
    do throws(LayerError) {
      try layers()
    } catch {
      throw .layer(error)
    }
  }

  private func say(about plan: Plan, _ confined: ConfinedPolicy) {
    if options.isVerbose {
      for absence in plan.absences { nonet.say("not used: \(absence)") }
      for concession in confined.concessions { nonet.say("less protection: \(concession.words)") }
      if let held = confined.held { nonet.say(held.words(confined.chosen)) }
    }
    // The user must see that nothing confines the command.
    if options.isQuiet, !plan.layers.isEmpty { return }
    for warning in plan.warnings { nonet.say("warning: \(warning)") }
    if let warning = confined.warning { nonet.say("warning: \(warning)") }
  }

  private func hint(_ policy: String, _ plan: Plan) throws(Failure) {
    try set("NONET", options.isObserving ? "observe:none" : "\(policy):\(plan.summary)")
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
      throw .notStarted(error, words.first ?? [])
    }
  }

  private func become(_ name: Word) throws(Failure) -> Never {
    do throws(SystemError) {
      try replaceProcess(with: name.pointer, arguments: command)
    } catch {
      throw .notRun(error.number, name)
    }
  }
}
