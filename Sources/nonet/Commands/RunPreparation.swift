/// What is decided about a run before anything is confined.
enum RunPreparation {
  /// All that can be refused before the first layer is applied.
  ///
  /// - Parameters:
  ///   - options: The command line.
  ///   - entersNamespace: Whether what comes afterwards may be in the namespace already.
  ///   - isPythonCommand: Asked only where the answer matters.
  /// - Returns: The layers to apply, what they need to know of the policy, and whether a supervisor is
  ///   needed.
  /// - Throws: Why the command would not run.
  static func prepared(
    _ options: Options, entersNamespace: Bool, isPythonCommand: () -> Bool
  ) throws(Failure) -> (plan: Plan, policy: ConfinedPolicy, isSupervised: Bool) {
    if options.suppliesSockets { try SuppliedSockets.check(options) }
    try Listening.check(options)
    let wanted = try WantedPolicy(options)
    let held = try HeldSockets(options, wanted)
    let choice = PlanChoice(
      options: options, policy: wanted, entersNamespace: entersNamespace, holdsSockets: held != nil)
    let plan = try choice.plan(isPythonCommand: isPythonCommand)
    if options.session != nil, options.isObserving || !plan.layers.contains(.namespace) {
      throw .refused(
        "--session is for commands with a network of their own: say --loopback too"
          + (options.isObserving ? ", and not --observe" : "") + "; the command was not run")
    }
    try Listening.check(options, plan)
    let isSupervised = try isSupervised(options, plan, wanted.layers)
    let confined = try ConfinedPolicy(options, plan, wanted, held: held)
    if isSupervised, let count = confined.filter?.count, count > 1 {
      // Only one filter of a process can ask a supervisor (seccomp(2), SECCOMP_FILTER_FLAG_NEW_LISTENER).
      guard options.canDoWithoutSupervisor else { throw .severalFilters(count, confined.name) }
      return (plan, confined, false)
    }
    return (plan, confined, isSupervised)
  }

  /// Whether a supervisor is needed, or a refusal where the plan has no filter to supervise.
  private static func isSupervised(
    _ options: Options, _ plan: Plan, _ layers: Layers
  ) throws(Failure) -> Bool {
    if plan.holdsSockets { return false }
    guard let option = options.supervisingOption else {
      return plan.hasFilter && layers.hasSockets
    }
    if plan.hasFilter { return true }
    // The wrapper writes such a document itself, and a hint protects nobody.
    if plan.layers.contains(.python), option == .logDirectory { return false }
    if options.canDoWithoutSupervisor { return false }
    throw .refused(
      "\(option.rawValue) needs the seccomp backend, and the plan here is "
        + "\"\(plan.summary)\"; the command was not run")
  }
}
