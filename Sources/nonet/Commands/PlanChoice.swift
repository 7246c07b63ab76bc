internal import BPFAssembler

/// The plan for what the command line asks for, on this machine.
struct PlanChoice {
  let options: Options

  init(_ options: Options) {
    self.options = options
  }

  /// Makes the plan, trying the namespace only where the answer depends on it.
  ///
  /// - Parameter isPythonCommand: Finds out whether the command is a Python interpreter or script;
  ///   asked only where the answer matters, since it may read the command's file.
  /// - Returns: The walls to put up.
  /// - Throws: A refusal with the reason of each backend.
  func plan(isPythonCommand: () -> Bool) throws(Failure) -> Plan {
    var request = request(isPythonCommand: false)
    let machine = try Self.machine { request.asksForNamespace(seccompWorks: $0) }
    if request.asksForPython(machine) { request.isPythonCommand = isPythonCommand() }
    do throws(Plan.Impossible) {
      return try Plan(request, on: machine)
    } catch {
      throw .refused(
        "this machine cannot confine the command, so it was not run\n  "
          + error.reasons.joined(separator: "\n  ")
          + "\n  nonet --check says more"
          + (options.isForEveryCommand ? "" : "; --best-effort runs it unconfined"))
    }
  }

  /// What the machine can do, or a refusal where that cannot be found out.
  static func machine(
    triesNamespace: (_ seccompWorks: Bool) -> Bool
  ) throws(Failure) -> Capabilities {
    do throws(SystemError) {
      return try Capabilities.found(triesNamespace: triesNamespace)
    } catch {
      throw .system(error, "cannot find out what this machine confines with, so nothing was run")
    }
  }

  /// What the options ask for.
  func request(isPythonCommand: Bool) -> Plan.Request {
    var request = Plan.Request(
      backend: options.backend, needsNamespace: false, allowsTCP: true, isOwnPolicy: true,
      isPreset: false, isPythonCommand: isPythonCommand, isBestEffort: options.isBestEffort)
    if case .preset(let preset) = options.policy {
      request.isOwnPolicy = false
      request.isPreset = options.changes.isEmpty
      request.needsNamespace = preset == .loopback
      // A changed preset may let sockets through.
      request.allowsTCP = preset == .loopback || !options.changes.isEmpty
    }
    return request
  }
}

/// What the walls of a plan need to know of the policy.
struct ConfinedPolicy {
  /// What `NONET=` and messages call it.
  let name: String
  /// The filter, where the plan has one.
  let program: CheckedProgram?
  let sockets: InheritedSockets
  /// The policy as it was read, unless it is a built-in filter.
  let chosen: ChosenPolicy?

  /// Takes an unchanged preset as it was built in; reads and compiles any other policy.
  ///
  /// - Throws: What is wrong with the policy.
  init(_ options: Options, _ plan: Plan) throws(Failure) {
    let deniesDebug = plan.walls.contains(.seccomp(deniesDebug: true))
    let needsFilter = deniesDebug || plan.walls.contains(.seccomp(deniesDebug: false))
    if let preset = options.unchangedPreset,
      let filter = preset.filter(for: .host, deniesDebug: deniesDebug)
    {
      name = preset.name
      program = needsFilter ? filter : nil
      sockets = InheritedSockets(preset)
      chosen = nil
      return
    }
    let chosen = try ChosenPolicy(options, deniesDebug: deniesDebug)
    self.chosen = chosen
    name = chosen.names.policy
    program = needsFilter ? try chosen.checked(for: .host).program : nil
    sockets = .policy(chosen.policy, hasNamespace: plan.walls.contains(.namespace))
    if needsFilter { try Self.refuseUselessPolicy(chosen) }
  }

  /// A policy under which no program can be started is a mistake better said than suffered.
  private static func refuseUselessPolicy(_ chosen: ChosenPolicy) throws(Failure) {
    guard let number = Syscall(named: "execve")?.number(on: .host) else { return }
    let somePointers: [UInt64] = [1 << 32 | 4096, 1 << 32 | 8192, 1 << 32 | 12288]
    let call = SystemCall(
      arch: Architecture.host.auditValue, number: number, arguments: somePointers)
    if chosen.policy.verdict(of: call, native: .host).refuses {
      throw .refused(
        "policy \(chosen.names.policy) refuses execve, so no command can start; allow execve")
    }
  }
}
