internal import BPFAssembler

/// What a supervised command is confined by.
extension SupervisedRun {
  /// The proven program with questions in the place of refusals, behind what protects the supervisor.
  func installed(_ oracle: CheckedProgram) throws(Failure) -> SupervisedFilter {
    var asking = oracle
    let watched = watchedCalls.compactMap { Syscall(named: $0) }
    if !watched.isEmpty || options.suppliesSockets {
      var chosen = confined.chosen
      if chosen == nil {
        let deniesDebug = plan.layers.contains(.seccomp(deniesDebug: true))
        chosen = try ChosenPolicy(options, deniesDebug: deniesDebug)
      }
      chosen = chosen?.denying(watched)
      if options.suppliesSockets {
        let rules = try SuppliedSockets.parsed(SuppliedSockets.asked(options))
        chosen = chosen?.preceded(by: rules)
      }
      asking = try chosen?.checked(for: .host).program ?? oracle
    }
    let refusesEnd = confined.chosen != nil && SupervisedFilter.refusesEnd(oracle.program)
    let ends =
      refusesEnd
      ? try confined.chosen?.only(SupervisedFilter.endCalls).checked(for: .host).program : nil
    do throws(SupervisedFilter.Problem) {
      return try SupervisedFilter(asking, ends: ends, asksAboutKills: options.isObserving)
    } catch {
      throw .supervision(error, confined.name)
    }
  }

  /// What the policy allows and the supervisor wants to see all the same.
  private var watchedCalls: [String] {
    // Where allowed calls send to is worth knowing too.
    if options.isObserving { return ["sendto", "sendmsg", "sendmmsg"] }
    return AllowedSockets.watchedCalls(options)
  }

  /// Whether the kernel lets no signal out of the command's domain.
  ///
  /// Where what a command tried is recorded, it must not end who records. A hint is not worth keeping
  /// it from processes that other commands have started.
  var hasSignalScope: Bool {
    guard options.isLogging, let landlock = enforcement.landlock, !options.isObserving else {
      return false
    }
    // landlock.h: LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET, which came together with the other scope.
    return landlock.scoped & 1 != 0
  }

  /// The capabilities that the command's process gives up.
  var dropped: UInt64 { options.isObserving ? 0 : enforcement.dropped }

  var landlock: (handledNet: UInt64, scoped: UInt64)? {
    guard !options.isObserving, let landlock = enforcement.landlock else { return nil }
    // landlock.h: LANDLOCK_ACCESS_NET_BIND_TCP and _CONNECT_TCP, which the supervisor does for the command.
    let isNetOurs =
      options.suppliesSockets && SuppliedSockets.landlockABI >= NetworkAllowance.firstLandlockABI
    // LANDLOCK_SCOPE_SIGNAL.
    return (landlock.handledNet | (isNetOurs ? 3 : 0), landlock.scoped | (hasSignalScope ? 2 : 0))
  }
}
