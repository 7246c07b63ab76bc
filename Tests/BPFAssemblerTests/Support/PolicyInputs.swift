import BPFAssembler

/// Calls at which a policy may change its mind: the limits that its own conditions declare.
struct PolicyInputs {
  private let policy: Policy
  private let native: Architecture
  private var random: Seeded

  init(_ policy: Policy, _ native: Architecture, _ random: Seeded) {
    self.policy = policy
    self.native = native
    self.random = random
  }

  /// Inputs for every rule and for the numbers around the named calls.
  ///
  /// - Parameter perRule: How many inputs aim at each rule, half of them at breaking it.
  /// - Returns: The calls, of every ABI that the filter knows and of some that it does not.
  mutating func calls(perRule: Int) -> [SystemCall] {
    var calls = numbers()
    for architecture in [native] + (native.compat.map { [$0] } ?? []) {
      for rule in policy.rules {
        for syscall in rule.calls {
          guard let number = syscall.number(on: architecture) else { continue }
          calls += self.calls(perRule, rule, syscall, number, architecture)
        }
      }
    }
    return calls
  }

  private mutating func calls(
    _ count: Int, _ rule: Policy.Rule, _ syscall: Syscall, _ number: UInt32,
    _ architecture: Architecture
  ) -> [SystemCall] {
    var calls = [SystemCall(arch: architecture.auditValue, number: number)]
    guard let condition = rule.condition else { return calls }
    for index in 0..<count {
      var call = SystemCall(
        arch: architecture.auditValue, number: number, arguments: arguments())
      condition.aim(at: index % 2 == 0, &call, syscall, architecture, &random)
      calls.append(call)
      // A 32-bit word of an int, or of any argument of a 32-bit ABI, has junk above it.
      call.arguments = call.arguments.map { $0 ^ UInt64(random.word()) << 32 }
      if random.once(in: 4) { calls.append(call) }
    }
    // One comparison at all its limits, with all else made to agree.
    if random.once(in: 3), let comparison = condition.comparisons.randomElement(using: &random) {
      var call = SystemCall(
        arch: architecture.auditValue, number: number, arguments: arguments())
      condition.aim(at: random.once(in: 2), &call, syscall, architecture, &random)
      calls += comparison.calls(like: call, syscall, architecture)
    }
    return calls
  }

  private mutating func arguments() -> [UInt64] {
    let kind = random.pick([0, 1, 2])
    return (0..<6).map { _ in
      switch kind {
      case 0: 0
      case 1: .max
      default: UInt64(random.word()) << 32 | UInt64(random.word())
      }
    }
  }

  /// Calls whose answer the number alone decides, and arch values that no ABI has.
  private func numbers() -> [SystemCall] {
    var calls: [SystemCall] = []
    for architecture in [native] + (native.compat.map { [$0] } ?? []) {
      let newest = architecture.newestNumber
      var numbers: [UInt32] = [
        0, 1, newest - 1, newest, newest + 1, newest + 2, 0x000f_0000, 0x000f_0001, 0x000f_0006,
        0x000f_0007, 0x3fff_ffff, 0x4000_0000, 0x7fff_ffff, 0x8000_0000, 0xffff_fffe, 0xffff_ffff,
      ]
      for call in policy.rules.flatMap({ $0.calls }) {
        guard let number = call.number(on: architecture) else { continue }
        numbers += [number &- 1, number + 1, number | 0x4000_0000]
      }
      calls += Set(numbers).sorted().map { SystemCall(arch: architecture.auditValue, number: $0) }
    }
    let near = Architecture.allCases.flatMap { [$0.auditValue &- 1, $0.auditValue + 1] }
    let arches = Architecture.allCases.map { $0.auditValue } + near + [0, .max]
    return calls + arches.map { SystemCall(arch: $0, number: 1) }
  }
}

extension SystemCall {
  /// What the machine sees of the call.
  var data: SeccompData { SeccompData(nr: number, arch: arch, arguments: arguments) }
}

extension Policy.Condition {
  /// All comparisons in it.
  fileprivate var comparisons: [Policy.Comparison] {
    switch self {
    case .comparison(let comparison): [comparison]
    case .not(let part): part.comparisons
    case .all(let parts), .any(let parts): parts.flatMap { $0.comparisons }
    }
  }

  /// Sets arguments so that the condition becomes true or false, where its parts allow it.
  func aim(
    at truth: Bool, _ call: inout SystemCall, _ syscall: Syscall, _ architecture: Architecture,
    _ random: inout Seeded
  ) {
    switch self {
    case .not(let part):
      part.aim(at: !truth, &call, syscall, architecture, &random)
    case .all(let parts), .any(let parts):
      let isAll = if case .all = self { true } else { false }
      // All parts decide together, or one of them alone.
      let chosen = isAll == truth || parts.isEmpty ? parts : [random.pick(parts)]
      for part in chosen { part.aim(at: truth, &call, syscall, architecture, &random) }
    case .comparison(let comparison):
      guard let location = comparison.argument.location(in: syscall, on: architecture) else {
        return
      }
      let old = call.arguments[location.index]
      let limits = comparison.limits(old, architecture, isWord: location.isWord)
      // By position, so that the name is looked up once and not for each value.
      let position: Policy.Argument =
        location.isWord ? .lowWord(location.index) : .whole(location.index)
      let placed = Policy.Condition.comparison(
        Policy.Comparison(position, mask: comparison.mask, comparison.relation))
      for value in limits.shuffled(using: &random) {
        call.arguments[location.index] = value
        if placed.holds(for: call, of: syscall, on: architecture) == truth { return }
      }
      call.arguments[location.index] = old
    }
  }
}

extension Policy.Comparison {
  /// A call with the argument at each of the comparison's limits.
  fileprivate func calls(
    like call: SystemCall, _ syscall: Syscall, _ architecture: Architecture
  ) -> [SystemCall] {
    guard let location = argument.location(in: syscall, on: architecture) else { return [] }
    let old = call.arguments[location.index]
    return limits(old, architecture, isWord: location.isWord).map { value in
      var call = call
      call.arguments[location.index] = value
      return call
    }
  }

  /// The values of an argument around which the comparison changes, other bits as they were.
  fileprivate func limits(
    _ old: UInt64, _ architecture: Architecture, isWord: Bool
  ) -> [UInt64] {
    let mask = mask?.number(on: architecture, isWord: isWord) ?? .max
    let numbers = constants.flatMap { value in
      let number = value.number(on: architecture, isWord: isWord)
      return [number, number &- 1, number &+ 1, number ^ 1 << 32, number ^ 1 << 63]
    }
    return (numbers + [0, .max, mask]).map { old & ~mask | $0 & mask }
  }
}
