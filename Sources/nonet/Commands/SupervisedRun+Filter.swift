internal import BPFAssembler

/// What a supervised command is confined by.
extension SupervisedRun {
  /// The proven program with questions in the place of refusals, behind what protects the supervisor.
  func installed(
    _ oracle: CheckedProgram, _ network: PrivateNetwork?
  ) throws(Failure) -> SupervisedFilter {
    var chosen = confined.chosen
    let purpose = Purpose(options)
    let isWatched = network == nil && !purpose.watchedCalls.isEmpty
    if chosen == nil, options.suppliesSockets || isWatched {
      let deniesDebug = plan.layers.contains(.seccomp(deniesDebug: true))
      chosen = try ChosenPolicy(options, deniesDebug: deniesDebug)
    }
    return try Self.filter(oracle, of: chosen, named: confined.name, purpose, network)
  }

  /// What a supervisor is wanted for, as far as its filter differs by it.
  struct Purpose {
    /// The policy's own words for what is asked about where the supervisor supplies sockets.
    private(set) var asked: String?
    var allowedUnix: [Word]
    var isObserving: Bool

    init(_ options: Options) {
      asked = options.suppliesSockets ? SuppliedSockets.asked(options) : nil
      (allowedUnix, isObserving) = (options.allowedUnix, options.isObserving)
    }

    /// What the policy allows and the supervisor wants to see all the same.
    var watchedCalls: [String] {
      // Where allowed calls send to is worth knowing too.
      if isObserving { return ["sendto", "sendmsg", "sendmmsg"] }
      if allowedUnix.isEmpty { return [] }
      return AllowedSockets.watchedCalls(
        allowsInside: allowedUnix.contains { AllowedSockets.isInside($0) })
    }
  }

  /// The filter of a supervised run.
  ///
  /// - Parameters:
  ///   - oracle: The proven program of the policy.
  ///   - chosen: The policy; it may be missing where a preset runs as it stands and nothing is watched.
  ///   - name: What messages call the policy.
  ///   - purpose: What the supervisor is wanted for.
  ///   - network: What it decides of a network of the command's own, where it does.
  /// - Returns: The filter, and the part of it that protects the supervisor.
  /// - Throws: Why the policy cannot be supervised.
  static func filter(
    _ oracle: CheckedProgram, of chosen: ChosenPolicy?, named name: String, _ purpose: Purpose,
    _ network: PrivateNetwork? = nil
  ) throws(Failure) -> SupervisedFilter {
    var asking = oracle
    // Those of a network of its own are asked about by a program that is there already.
    let watched = network == nil ? purpose.watchedCalls.compactMap { Syscall(named: $0) } : []
    let asked = network == nil ? purpose.asked : nil
    if !watched.isEmpty || asked != nil {
      var changed = chosen?.denying(watched)
      if let asked {
        let rules = try SuppliedSockets.parsed(asked)
        changed = changed?.preceded(by: rules)
      }
      // What is watched is asked about, or the command does not run.
      guard let program = try changed?.program(for: .host) else {
        throw .refused("policy \(name) cannot be supervised so, so the command was not run")
      }
      asking = program
    }
    let refusesEnd = chosen != nil && SupervisedFilter.refusesEnd(oracle.program)
    let ends =
      refusesEnd ? try chosen?.only(SupervisedFilter.endCalls).program(for: .host) : nil
    do throws(SupervisedFilter.Problem) {
      return try SupervisedFilter(
        asking, ends: ends, questions: network?.questions, asksAboutKills: purpose.isObserving)
    } catch {
      throw .supervision(error, name)
    }
  }

  /// Whether the kernel lets no signal out of the command's domain: landlock.h, LANDLOCK_SCOPE_SIGNAL.
  var hasSignalScope: Bool { (landlock?.scoped ?? 0) & 2 != 0 }

  /// The capabilities that the command's process gives up.
  var dropped: UInt64 { options.isObserving ? 0 : enforcement.dropped }

  var landlock: (handledNet: UInt64, scoped: UInt64)? {
    guard !options.isObserving, let landlock = enforcement.landlock else { return nil }
    // landlock.h: LANDLOCK_ACCESS_NET_BIND_TCP and _CONNECT_TCP, which the supervisor does for the command.
    let isNetOurs =
      options.suppliesSockets && SuppliedSockets.landlockABI >= NetworkAllowance.firstLandlockABI
    return (landlock.handledNet | (isNetOurs ? 3 : 0), landlock.scoped)
  }
}
