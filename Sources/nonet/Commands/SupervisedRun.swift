internal import BPFAssembler

/// `nonet --log FILE -- COMMAND` and its like: runs the command as a child and answers its filter.
struct SupervisedRun {
  let options: Options
  /// The program to run.
  let name: Word
  let command: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
  let plan: Plan
  let confined: ConfinedPolicy
  let enforcement: Enforcement

  /// Runs the command.
  ///
  /// - Returns: The exit status: the command's own, or 128 and the number of the signal that ended it;
  ///   `nil` where it may run without a supervisor and there can be none. The shared layers stand then.
  func perform() throws(Failure) -> CInt? {
    // A supervised command's domain takes no right on files, so it would hold no sockets.
    guard let oracle = confined.program, !plan.holdsSockets else {
      throw .refused("there is no filter to supervise, so the command was not run")
    }
    let network = PrivateSockets(options, plan, confined).network(oracle.program)
    let held = network.map { $0.held } ?? confined.chosen?.held(isPrivate: false)
    let sockets = try AllowedSockets(options, inside: network != nil)?
      .allowance(confined.name, oracle, network, held)
    if network == nil, options.canDoWithoutSupervisor, !options.isHinting {
      try applyShared()
      return nil
    }
    let listeners = try Listening.listeners(options)
    let outer = options.isLogging ? OuterRefusals(oracle.program) : nil
    if options.attemptStatus != nil, let sentence = outer?.sentence {
      throw .refused(
        "--fail-on-attempt cannot tell here: \(sentence); the command was not run")
    }
    if !options.isQuiet, let sentence = outer?.sentence {
      say("warning: \(sentence); such attempts are not recorded")
    }
    // Whoever waits here for the reader of a FIFO hears signals still.
    let lines = try options.log.map { word throws(Failure) in try opened(word) }
    let report = try options.report.map { word throws(Failure) in try ReportFile(word) }
    // Before the first write to a log, whose reader may be gone.
    let blocked = try blockSignals()
    let allowance = try suppliedSockets(oracle, network)
    let filter = try installed(oracle, network)
    let head = head(outer)
    let record = try record(head, lines)
    try report?.begin(ReportPage(RunLog(head, EventTable(), .running, at: .now)).bytes)
    if options.isObserving, !options.isQuiet {
      say("observing only: nothing is refused, and this protects nobody")
    }
    let maker =
      allowance != nil && network != nil ? try SuppliedSockets.outsideMaker() : nil
    try applyShared(sparing: listeners)
    if sockets?.allowsInside ?? false { try AllowedSockets.closeUnconnected() }
    var settled = try sockets.map { (one) throws(Failure) in
      try AllowedSockets.settled(one, isPrivate: network != nil)
    }
    settled?.outside = maker?.outside
    let (signals, wasReaper) = try becomeSupervisor(blocked)
    let supplied = try allowance.map {
      one throws(Failure) -> (NetworkAllowance, SocketMakers) in
      guard let maker, let settled else {
        return (one, .empty(try SuppliedSockets.network(options)))
      }
      return (try SuppliedSockets.settled(one, settled.own, maker), .outside(maker))
    }
    let judge = Judge(
      oracle: oracle.program, filter: filter,
      protection: OwnProtection(hasSignalScope: hasSignalScope),
      isObserving: options.isObserving, network: network,
      held: options.isObserving ? nil : held)
    let relay = try Listening.relay(listeners)
    let child: SupervisedChild
    var lack: SystemError?
    do throws(StartError) {
      let progress = try RunProgress()
      child = try SupervisedChild(
        name.pointer, command,
        SupervisedChild.Preparation(
          filter: filter.program.bytes, landlock: landlock, dropped: dropped,
          isReaper: wasReaper != 0),
        progress
      ) {
        do throws(SystemError) {
          try SecondHolder(judge, progress, record.lostLogs).begin()
        } catch {
          lack = error
        }
      }
    } catch {
      relay?.end()
      setReaper(wasReaper)
      if error.stage == .signal {
        endProcess(by: error.number)
        return 128 + error.number
      }
      signals.restore()
      let cannotSupervise = error.number == EBUSY || error.number == EINVAL
      if error.stage == .filter, cannotSupervise, options.canDoWithoutSupervisor {
        if options.isVerbose {
          say(
            "not used: supervisor: an outer nonet supervises already, or the kernel cannot notify"
              + (network == nil ? "" : "; AF_UNIX sockets are refused"))
        }
        return nil
      }
      throw .start(error)
    }
    enforcement.session?.begin(child.pid)
    if let lack, !options.isQuiet { say("warning: \(SecondHolder.lack(lack))") }
    if !options.isObserving { enforcement.reportChildLayers() }
    let supervisor = Supervisor(
      judge: judge, child: child, signals: signals, record: record, sockets: settled,
      supplied: supplied, relay: relay?.number ?? 0,
      isTelling: options.isLogging || options.isHinting, adviser: adviser,
      complain: { nonet.say($0) })
    let ending = supervisor.run()
    relay?.end()
    let status = try finish(supervisor, ending, child.failure, head, report)
    if options.isHinting, status != 0, let sentence = OuterRefusals(oracle.program).sentence {
      say("\(sentence); whether the command tried that is not known here")
    }
    if case .killed(let signal) = ending { endProcess(by: signal) }
    return status
  }

  private func finish(
    _ supervisor: Supervisor, _ ending: Ending, _ failure: StartError?, _ head: LogHead,
    _ report: ReportFile?
  ) throws(Failure) -> CInt {
    if let failure {
      let words = Failure.notRun(failure.number, name)
      _ = supervisor.finish(.notRun(words.status))
      throw words
    }
    if ending == .lost {
      say("the system does not tell how the command ended; what is left of it is told to end")
    }
    let record = supervisor.finish(ending)
    if let report {
      do throws(Failure) {
        try report.write(ReportPage(RunLog(head, record.table, ending, at: .now)).bytes)
      } catch {
        say(error.message)
      }
    }
    var status = ending.exitCode ?? 125
    let summary = Summary(record.table)
    if summary.count > 0 {
      if !options.isQuiet, options.isLogging { sayAtEnd(summary, record) }
      if let given = options.attemptStatus, ending == .exited(0) {
        status = given
        say("the command ended with 0, and for what it tried the status is \(given)")
      }
      if options.isHinting, status != 0 { sayHint(summary) }
    }
    return status
  }

  /// What sockets of the supervisor's may reach, where the command gets any.
  private func suppliedSockets(
    _ oracle: CheckedProgram, _ network: PrivateNetwork?
  ) throws(Failure) -> NetworkAllowance? {
    guard options.suppliesSockets, let chosen = confined.chosen else { return nil }
    return try SuppliedSockets.allowance(
      options, chosen, oracle.program, hasNamespace: plan.layers.contains(.namespace),
      network, dropped: dropped)
  }

  // The way to the command -------------------------------------------------------------------------

  private func applyShared(sparing listeners: OuterListeners? = nil) throws(Failure) {
    if options.isObserving {
      do throws(SystemError) {
        try setNoNewPrivileges()
      } catch {
        throw .system(error, "the command cannot be observed, so it was not run")
      }
      return
    }
    var enforcement = enforcement
    enforcement.spared = listeners?.all.map { $0.number } ?? []
    do throws(LayerError) {
      try enforcement.applyShared()
    } catch {
      throw .layer(error)
    }
  }

  /// Takes memory for all events and their logs, before anything else does.
  ///
  /// A supervisor that cannot have it in mid-run would end there.
  ///
  /// - Returns: Whether a command can be supervised; `false` only where a hint alone was asked for.
  static func reserveRoom(_ options: Options) throws(Failure) -> Bool {
    // Only a policy that is read, or this preset, may want a supervisor by itself.
    let option = options.supervisingOption
    if option == nil, let preset = options.preset, preset != .loopback { return false }
    let most = options.report == nil ? Self.memory : Self.memoryWithReport
    do throws(SystemError) {
      try reserveMemory(most)
      return true
    } catch {
      guard let option, !options.canDoWithoutSupervisor else { return false }
      throw .refused(
        "a supervisor needs \(most >> 20) MiB of memory, and a limit (ulimit -v or -d) leaves less; "
          + "raise it, or leave out \(option.rawValue); the command was not run")
    }
  }

  /// What the supervisor takes at most beside its program, in bytes: 4096 events, what is known of ten
  /// thousand threads, and a page about them.
  private static let memory = 8 << 20
  private static let memoryWithReport = 32 << 20

  private func blockSignals() throws(Failure) -> BlockedSignals {
    do throws(SystemError) {
      return try BlockedSignals()
    } catch {
      throw .system(error, "the command cannot be supervised, so it was not run")
    }
  }

  private func becomeSupervisor(
    _ signals: BlockedSignals
  ) throws(Failure) -> (SignalReader, CInt) {
    do throws(SystemError) {
      return (try signals.reader(), try nonet.becomeSupervisor())
    } catch {
      throw .system(error, "the command cannot be supervised, so it was not run")
    }
  }
}
