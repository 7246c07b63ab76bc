import Testing

@testable import nonet

/// Every combination of what can be asked for and what a machine can have.
private struct Combination {
  let request: Plan.Request
  let machine: Capabilities

  static let noSeccomp = SystemError(call: "seccomp", number: 1)
  static let noNamespace = NamespaceError(1, 1)

  static var all: [Combination] {
    var combinations: [Combination] = []
    for backend in Plan.Backend.allCases {
      for bits in 0..<64 {
        func bit(_ index: Int) -> Bool { bits >> index & 1 == 1 }
        // As a policy says it: a network of its own or not, or `layers none`.
        var layers = Layers()
        layers.hasNamespace = bit(0) && !bit(2)
        (layers.hasLandlock, layers.hasDescriptors) = (!bit(2), !bit(2))
        let request = Plan.Request(
          backend: backend, layers: layers, allowsTCP: bit(1), isPreset: bit(5),
          isPythonCommand: bit(3), isBestEffort: bit(4))
        for abi in 0...7 {
          for seccompFailure in [nil, noSeccomp] {
            for namespace in [Capabilities.Namespace.untried, .works, .fails(noNamespace)] {
              let machine = Capabilities(
                seccompFailure: seccompFailure, landlockABI: abi, namespace: namespace)
              combinations.append(Combination(request: request, machine: machine))
            }
          }
        }
      }
    }
    return combinations
  }

  var plan: Result<Plan, Plan.PlanError> {
    do throws(Plan.PlanError) {
      return .success(try Plan(request, on: machine))
    } catch {
      return .failure(error)
    }
  }

  var hasNamespace: Bool { machine.namespace == .works }

  /// Which backends can hold, said a second time and differently.
  var possible: [Plan.Backend] {
    var possible: [Plan.Backend] = []
    if machine.seccompFailure == nil, hasNamespace || !request.layers.hasNamespace {
      possible.append(.seccomp)
    }
    if hasNamespace { possible.append(.namespace) }
    if request.isPythonCommand, !request.layers.hasNamespace, request.isPreset {
      possible.append(.python)
    }
    return possible.filter { request.backend == .auto || request.backend == $0 }
  }
}

extension Plan {
  fileprivate var filters: [Bool] {
    layers.compactMap { layer in
      guard case .seccomp(let deniesDebug) = layer else { return nil }
      return deniesDebug
    }
  }

  fileprivate var domains: [LandlockDomain] {
    layers.compactMap { layer in
      guard case .landlock(let domain) = layer else { return nil }
      return domain
    }
  }
}

@Suite struct PlanTests {
  @Test func nothingRunsUnconfinedUnlessToldTo() {
    for combination in Combination.all {
      switch combination.plan {
      case .failure(let impossible):
        #expect(combination.possible.isEmpty && !combination.request.isBestEffort)
        #expect(impossible.reasons.count == (combination.request.backend == .auto ? 3 : 1))
      case .success(let plan):
        #expect(plan.layers.isEmpty == combination.possible.isEmpty)
        if plan.layers.isEmpty {
          #expect(combination.request.isBestEffort)
          #expect(plan.warnings.count == 1)
        }
      }
    }
  }

  @Test func theFirstPossibleBackendIsTaken() {
    for combination in Combination.all {
      guard let backend = combination.possible.first, case .success(let plan) = combination.plan
      else { continue }
      let layers = combination.request.layers
      #expect((plan.layers.first == .descriptors) == layers.hasDescriptors)
      #expect(plan.filters.isEmpty == (backend != .seccomp))
      #expect(plan.layers.contains(.python) == (backend == .python))
      let wantsNamespace = backend == .namespace || layers.hasNamespace
      #expect(plan.layers.contains(.namespace) == wantsNamespace)
      // Whatever needs more than the last layer lets through comes before it.
      if backend == .seccomp { #expect(plan.layers.last == .seccomp(deniesDebug: plan.filters[0])) }
      #expect(plan.warnings.isEmpty == (backend == .seccomp))
    }
  }

  @Test func processesOutsideAreOutOfReachOneWayOrTheOther() {
    for combination in Combination.all {
      guard case .success(let plan) = combination.plan, !plan.layers.isEmpty else { continue }
      let request = combination.request
      let abi = combination.machine.landlockABI
      if !request.layers.hasLandlock {
        #expect(plan.domains.isEmpty && !plan.filters.contains(true))
        continue
      }
      switch abi {
      case 6...: #expect(plan.domains == [.scopes(allowsSignals: request.allowsSignals)])
      case 4...5: #expect(plan.domains == (request.allowsTCP ? [] : [.tcp]))
      default: #expect(plan.domains.isEmpty)
      }
      if let deniesDebug = plan.filters.first { #expect(deniesDebug == plan.domains.isEmpty) }
    }
  }

  @Test func landlockHoldsSocketsWhereItCanAndNothingElseDoes() {
    for combination in Combination.all {
      var request = combination.request
      request.holdsSockets = true
      for abi in [0, 4, 6, 8, 9, 12] {
        var machine = combination.machine
        machine.landlockABI = abi
        let changed = Combination(request: request, machine: machine).plan
        let plain = Combination(request: combination.request, machine: machine).plan
        guard abi >= 9, case .success(let plan) = changed, plan.hasFilter,
          request.layers.hasLandlock
        else {
          #expect(changed == plain)
          continue
        }
        #expect(plan.holdsSockets)
        #expect(
          plan.domains == [.sockets(allowsSignals: false, refusesTCP: !request.layers.hasNamespace)]
        )
        #expect(plan.layers.contains(.seccomp(deniesDebug: false)))
      }
    }
  }

  @Test func aDomainThatHoldsSocketsHoldsWhatTheOthersDo() {
    for allowsSignals in [false, true] {
      let plain = Plan.LandlockDomain.scopes(allowsSignals: allowsSignals).rights
      let rights = Plan.LandlockDomain.sockets(allowsSignals: allowsSignals, refusesTCP: true)
        .rights
      #expect(rights.scopes == plain.scopes)
      #expect(rights.network == Plan.LandlockDomain.tcp.rights.network)
      // landlock.h: LANDLOCK_ACCESS_FS_RESOLVE_UNIX and _REFER.
      #expect(rights.files == 1 << 16 | 1 << 13)
      #expect(plain.files == 0)
    }
  }

  @Test func theNamespaceIsTriedOnlyWhereTheAnswerDependsOnIt() {
    for combination in Combination.all where combination.machine.namespace == .untried {
      let seccompWorks = combination.machine.seccompFailure == nil
      if combination.request.asksForNamespace(seccompWorks: seccompWorks) { continue }
      var other = combination.machine
      other.namespace = .works
      let changed = Combination(request: combination.request, machine: other)
      #expect(changed.plan == combination.plan)
    }
  }

  @Test func tcpIsAskedForOnlyWhereTheAnswerDependsOnIt() {
    for combination in Combination.all where !combination.request.asksForTCP(combination.machine) {
      var request = combination.request
      request.allowsTCP.toggle()
      let changed = Combination(request: request, machine: combination.machine)
      #expect(changed.plan == combination.plan)
    }
  }

  private func layers(
    _ backend: Plan.Backend, hasNamespace: Bool = false, hasSettings: Bool = false,
    kept: Privileges = .none, held: UInt64 = (1 << 41) - 1, isUserZero: Bool = true, abi: Int = 7,
    users: Capabilities.Namespace = .untried
  ) throws -> [Plan.Layer] {
    var layers = Layers()
    (layers.hasNamespace, layers.hasSettings) = (hasNamespace, hasSettings)
    var request = Plan.Request(
      backend: backend, layers: layers, allowsTCP: false, isPreset: true, isPythonCommand: false,
      isBestEffort: false)
    request.kept = kept
    var machine = Capabilities(landlockABI: abi, namespace: .works)
    (machine.privileges, machine.users) = (Privileges(bits: held), users)
    (machine.isUserZero, machine.canWriteSettings) = (isUserZero, isUserZero)
    return try Plan(request, on: machine).layers
  }

  @Test func rootGivesUpWhatReachesANetwork() throws {
    let all = Privileges.network.adding(.outside)
    #expect(try layers(.auto)[1] == .capabilities(.network))
    #expect(try layers(.auto, hasSettings: true)[1...2] == [.settings, .capabilities(all)])
    #expect(try layers(.auto, kept: .network).count == 3)
    #expect(try layers(.auto, held: 0, isUserZero: false).count == 3)
    // One who is no root has them from the ambient set, as 13 is NET_RAW.
    #expect(
      try layers(.seccomp, held: 1 << 13, isUserZero: false)[1]
        == .capabilities(.init(bits: 1 << 13)))
    // Over a namespace of its own root has all of them, and needs them but for one.
    for plan in [try layers(.namespace), try layers(.auto, hasNamespace: true)] {
      #expect(plan[1...3] == [.namespace, .settings, .capabilities(.mounting)])
    }
    // Mounts of its own need a capability.
    #expect(try !layers(.auto, hasSettings: true, held: 1 << 12).contains(.settings))
  }

  @Test func withoutLandlockSomethingElseHoldsMemoryOutside() throws {
    #expect(try layers(.auto, abi: 3)[1] == .capabilities(Privileges.network.adding(.tracing)))
    let user = try layers(.auto, held: 0, isUserZero: false, abi: 3, users: .works)
    #expect(user == [.descriptors, .users, .seccomp(deniesDebug: true)])
    let lost = Capabilities.Namespace.fails(NamespaceError(1, 1))
    #expect(try layers(.auto, held: 0, isUserZero: false, abi: 3, users: lost).count == 2)
    #expect(try layers(.auto, held: 0, isUserZero: false, abi: 6, users: .works).count == 3)
  }

  @Test func namesOfCapabilities() {
    for name in ["NET_ADMIN", "cap_net_admin", "CAP_NET_ADMIN", "net_Admin"] {
      #expect(Privileges(named: name.utf8)?.names == ["NET_ADMIN"])
    }
    for name in ["", "CAP_", "NET", "NET_ADMIN ", "12"] {
      #expect(Privileges(named: name.utf8) == nil)
    }
    #expect(Privileges(bits: (1 << 41) - 1).names == Privileges.allNames)
  }

  @Test func theSummaryNamesTheStrongestLayerFirst() throws {
    var layers = Layers()
    layers.hasNamespace = true
    let request = Plan.Request(
      backend: .auto, layers: layers, allowsTCP: true, isPreset: true, isPythonCommand: false,
      isBestEffort: false)
    let plan = try Plan(request, on: Capabilities(landlockABI: 7, namespace: .works))
    #expect(plan.summary == "seccomp+landlock+namespace+descriptors")
  }
}
