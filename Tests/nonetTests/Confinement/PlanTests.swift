import Testing

@testable import nonet

/// Every combination of what can be asked for and what a machine can have.
private struct Combination {
  let request: Plan.Request
  let machine: Capabilities

  static let noSeccomp = SystemError(call: "seccomp", number: 1)
  static let noNamespace = NamespaceFailure(1, 1)

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

  var plan: Result<Plan, Plan.Impossible> {
    do throws(Plan.Impossible) {
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
    walls.compactMap { wall in
      guard case .seccomp(let deniesDebug) = wall else { return nil }
      return deniesDebug
    }
  }

  fileprivate var domains: [LandlockDomain] {
    walls.compactMap { wall in
      guard case .landlock(let domain) = wall else { return nil }
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
        #expect(plan.walls.isEmpty == combination.possible.isEmpty)
        if plan.walls.isEmpty {
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
      #expect((plan.walls.first == .descriptors) == layers.hasDescriptors)
      #expect(plan.filters.isEmpty == (backend != .seccomp))
      #expect(plan.walls.contains(.python) == (backend == .python))
      let wantsNamespace = backend == .namespace || layers.hasNamespace
      #expect(plan.walls.contains(.namespace) == wantsNamespace)
      // Whatever needs more than the last wall lets through comes before it.
      if backend == .seccomp { #expect(plan.walls.last == .seccomp(deniesDebug: plan.filters[0])) }
      #expect(plan.warnings.isEmpty == (backend == .seccomp))
    }
  }

  @Test func processesOutsideAreOutOfReachOneWayOrTheOther() {
    for combination in Combination.all {
      guard case .success(let plan) = combination.plan, !plan.walls.isEmpty else { continue }
      let request = combination.request
      let abi = combination.machine.landlockABI
      if !request.layers.hasLandlock {
        #expect(plan.domains.isEmpty && !plan.filters.contains(true))
        continue
      }
      switch abi {
      case 6...: #expect(plan.domains == [.abstractSockets])
      case 4...5: #expect(plan.domains == (request.allowsTCP ? [] : [.tcp]))
      default: #expect(plan.domains.isEmpty)
      }
      if let deniesDebug = plan.filters.first { #expect(deniesDebug == plan.domains.isEmpty) }
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

  @Test func theSummaryNamesTheStrongestWallFirst() throws {
    var layers = Layers()
    layers.hasNamespace = true
    let request = Plan.Request(
      backend: .auto, layers: layers, allowsTCP: true, isPreset: true, isPythonCommand: false,
      isBestEffort: false)
    let plan = try Plan(request, on: Capabilities(landlockABI: 7, namespace: .works))
    #expect(plan.summary == "seccomp+landlock+namespace+descriptors")
  }
}
