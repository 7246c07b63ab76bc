internal import BPFAssembler

/// What the layers of a plan need to know of the policy.
struct ConfinedPolicy {
  /// The name without marks.
  private let policyName: String
  /// What takes protection away.
  let concessions: [Concession]
  /// The filter, where the plan has one.
  let filter: ProvenFilter?
  let sockets: InheritedSockets
  /// The policy as it was read, unless it is a built-in filter.
  let chosen: ChosenPolicy?
  /// Whether AF_UNIX sockets among the command's own processes shall work in a network of its own.
  let hasSockets: Bool
  /// Whether the policy's text says that the network is meant to be reached.
  let expectsNetwork: Bool
  /// What Landlock holds of AF_UNIX, where the plan has such a domain.
  let held: HeldSockets?

  /// Takes an unchanged preset as it was built in; compiles any other policy.
  ///
  /// - Throws: What is wrong with the policy.
  init(
    _ options: Options, _ plan: Plan, _ wanted: WantedPolicy, held: HeldSockets? = nil
  ) throws(Failure) {
    let held = plan.holdsSockets ? held : nil
    self.held = held
    let deniesDebug = plan.layers.contains(.seccomp(deniesDebug: true))
    let hasNamespace = plan.layers.contains(.namespace) || wanted.layers.hasNamespace
    hasSockets = wanted.layers.hasSockets && plan.layers.contains(.namespace)
    if held == nil, case .builtIn(let preset, _) = wanted,
      let filter = preset.provenFilter(for: .host, deniesDebug: deniesDebug)
    {
      policyName = preset.name
      concessions = options.concessions
      self.filter = plan.hasFilter ? filter : nil
      sockets = InheritedSockets(filter, hasNamespace: hasNamespace)
      chosen = nil
      expectsNetwork = false
      return
    }
    var chosen = try wanted.read(options)
    if deniesDebug { chosen = chosen.denyingDebug() }
    policyName = chosen.name
    // An inherited socket may belong to somebody outside, so it is kept only as the text itself says.
    sockets = InheritedSockets(chosen.policy, hasNamespace: hasNamespace)
    if let held { chosen = try held.policy(chosen, options, hasNamespace: hasNamespace) }
    let checked = plan.hasFilter ? try chosen.filters(for: .host).checked : nil
    filter = checked.map { .checked($0) }
    self.chosen = chosen
    expectsNetwork = chosen.expectsNetwork
    var concessions: [Concession] = chosen.layers.hasLandlock ? [] : [.layers]
    concessions += options.concessions
    if checked?.doubt != nil { concessions.append(.unproved) }
    if plan.hasFilter, !plan.layers.contains(.namespace), let way = chosen.wayToIP {
      concessions.append(.network(way: way))
    }
    self.concessions = concessions
    if plan.hasFilter { try Self.refuseUselessPolicy(chosen) }
  }

  /// The filter as a program, where the plan has one, and not several.
  var program: CheckedProgram? { filter?.program }

  /// What `NONET=` and messages call it: its name, and a mark for each concession.
  var name: String { Self.name(policyName, concessions) }

  /// A warning, where the network can be reached and the policy does not say that it may.
  var warning: String? {
    if expectsNetwork { return nil }
    for case .network(let way) in concessions {
      let others = Self.name(policyName, concessions.filter { $0 != .network(way: way) })
      return
        "policy \"\(others)\" lets the network be reached: \(way) makes IP sockets; where that is "
        + "meant, write the line 'network allowed' into a policy file"
    }
    return nil
  }

  private static func name(_ policy: String, _ concessions: [Concession]) -> String {
    policy + concessions.map { $0.mark }.joined()
  }

  /// A policy under which no program can be started is a mistake better said than suffered.
  private static func refuseUselessPolicy(_ chosen: ChosenPolicy) throws(Failure) {
    guard let number = Syscall(named: "execve")?.number(on: .host) else { return }
    let somePointers: [UInt64] = [1 << 32 | 4096, 1 << 32 | 8192, 1 << 32 | 12288]
    let call = SystemCall(
      arch: Architecture.host.auditValue, number: number, arguments: somePointers)
    if chosen.policy.verdict(of: call, native: .host).refuses {
      throw .refused(
        "policy \(chosen.name) refuses execve, so no command can start; allow execve")
    }
  }
}
