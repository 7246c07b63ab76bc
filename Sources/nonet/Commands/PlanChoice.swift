internal import BPFAssembler

/// The plan for what the command line asks for, on this machine.
struct PlanChoice {
  let options: Options
  let policy: WantedPolicy
  /// Whether the namespace may be entered while the plan is made: whoever opens files afterwards would
  /// see owners as the namespace has them.
  var entersNamespace = false
  /// Whether Landlock is to hold AF_UNIX sockets.
  var holdsSockets = false

  /// Makes the plan, trying the namespace only where the answer depends on it.
  ///
  /// - Parameter isPythonCommand: Finds out whether the command is a Python interpreter or script;
  ///   asked only where the answer matters, since it may read the command's file.
  /// - Returns: The layers to apply.
  /// - Throws: A refusal with the reason of each backend.
  func plan(isPythonCommand: () -> Bool) throws(Failure) -> Plan {
    var request = request
    let machine = try Self.machine {
      guard request.asksForNamespace(seccompWorks: $0.seccompFailure == nil) else { return .none }
      return entersNamespace && request.needsNamespace ? .inPlace : .inChild
    } triesUsers: {
      if request.asksForTCP($0) { request.allowsTCP = policy.wayToIP != nil }
      return request.asksForUsers($0)
    }
    do throws(Plan.PlanError) {
      return try plan(on: machine, isPythonCommand: isPythonCommand)
    } catch {
      throw .refused(
        "this machine cannot confine the command, so it was not run\n  "
          + error.reasons.joined(separator: "\n  ")
          + "\n  nonet --check says more"
          + (options.isForEveryCommand ? "" : "; --best-effort runs it unconfined"))
    }
  }

  /// Makes the plan for a machine that is known.
  ///
  /// - Throws: Why nothing that may be used can confine there.
  func plan(
    on machine: Capabilities, isPythonCommand: () -> Bool
  ) throws(Plan.PlanError) -> Plan {
    var request = request
    if request.asksForPython(machine) { request.isPythonCommand = isPythonCommand() }
    if request.asksForTCP(machine) { request.allowsTCP = policy.wayToIP != nil }
    return try Plan(request, on: machine)
  }

  /// What the machine can do, or a refusal where that cannot be found out.
  static func machine(
    trial: (Capabilities) -> NamespaceTrial, triesUsers: (Capabilities) -> Bool
  ) throws(Failure) -> Capabilities {
    do throws(SystemError) {
      return try Capabilities.found(trial: trial, triesUsers: triesUsers)
    } catch {
      throw .system(error, "cannot find out what this machine confines with, so nothing was run")
    }
  }

  /// What is asked for, as far as it is known before the machine is.
  private var request: Plan.Request {
    Plan.Request(
      backend: options.backend, layers: policy.layers, allowsTCP: true,
      isPreset: options.preset != nil && options.changes.isEmpty && options.merged == nil,
      needsFilter: options.preset == nil || options.merged != nil
        || options.changes.contains { $0.verdict != .allow },
      isPythonCommand: false,
      isBestEffort: options.isBestEffort, kept: options.keptPrivileges,
      allowsSignals: options.allowsSignals, holdsSockets: holdsSockets)
  }
}
