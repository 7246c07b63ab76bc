import BPFAssembler

/// Makes policies that use the whole language, near the places where compilers go wrong.
extension Seeded {
  /// A policy that compiles for both natives.
  ///
  /// - Parameters:
  ///   - ruleCount: The number of rules.
  ///   - callCount: The number of different calls that they may name.
  /// - Returns: The policy.
  mutating func policy(rules ruleCount: Int, calls callCount: Int = 6) -> Policy {
    let all = Syscall.all
    let pool = (0..<callCount).map { _ in pick(all) }
    return Policy(
      defaultVerdict: verdict(), foreign: once(in: 3) ? .verdict(verdict()) : .compile,
      x32: verdict(), unknown: verdict(),
      refusal: once(in: 2) ? .eacces : .eperm,
      rules: (0..<ruleCount).map { _ in rule(pool) })
  }

  /// A policy about some bits of two arguments of one call, so that rules have much in common.
  mutating func policyOfFlags(rules ruleCount: Int) -> Policy {
    let calls = Syscall(named: "read").map { [$0] } ?? []
    let rules = (0..<ruleCount).map { _ in
      let parts = (0..<3).map { _ in
        let mask = pick([1, 2, 4, 8, 3, 5, 6, 12] as [UInt64])
        let value = once(in: 3) ? 0 : mask & UInt64(below(16))
        return Condition.comparison(
          Comparison(
            .lowWord(below(2)), mask: .number(mask),
            once(in: 2) ? .equal(.number(value)) : .notEqual(.number(value))))
      }
      return Rule(pick([.kill, .log, .deny(nil)]), calls, if: .all(parts))
    }
    return Policy(defaultVerdict: .allow, foreign: .verdict(.kill), rules: rules)
  }

  private mutating func verdict() -> Verdict {
    switch below(8) {
    case 0, 1, 2: .allow
    case 3, 4: .deny(nil)
    case 5: .deny(Errno(number: below(4095) + 1))
    case 6: .kill
    default: .log
    }
  }

  private mutating func rule(_ pool: [Syscall]) -> Rule {
    let call = pick(pool)
    if once(in: 8) { return Rule(verdict(), [call, pick(pool)]) }
    return Rule(verdict(), [call], if: condition(call, depth: 0))
  }

  private mutating func condition(_ call: Syscall, depth: Int) -> Condition {
    let count = once(in: 8) ? below(2) : below(3) + 1
    switch below(depth > 2 ? 3 : 8) {
    case 0...3: return .comparison(comparison(call))
    case 4: return .not(condition(call, depth: depth + 1))
    case 5: return .any((0..<count).map { _ in condition(call, depth: depth + 1) })
    default: return .all((0..<count).map { _ in condition(call, depth: depth + 1) })
    }
  }

  private mutating func comparison(_ call: Syscall) -> Comparison {
    let value = Value.number(number())
    let relation: Comparison.Relation =
      switch below(9) {
      case 0, 1: .equal(value)
      case 2: .notEqual(value)
      case 3: .less(value)
      case 4: .lessOrEqual(value)
      case 5: .greater(value)
      case 6: .greaterOrEqual(value)
      default: .member((0...below(5)).map { _ in .number(number()) })
      }
    return Comparison(
      argument(call), mask: once(in: 3) ? .number(number()) : nil, relation)
  }

  /// An argument that the call has wherever there is such a call; often the same one.
  private mutating func argument(_ call: Syscall) -> Argument {
    let names = call.parameterNames.filter { name in
      Architecture.allCases.allSatisfy {
        call.number(on: $0) == nil || Argument.named(name).location(in: call, on: $0) != nil
      }
    }
    if !names.isEmpty, once(in: 2) { return .named(pick(names)) }
    let index = once(in: 3) ? below(6) : below(2)
    return once(in: 2) ? .whole(index) : .lowWord(index)
  }

  mutating func number() -> UInt64 {
    switch below(6) {
    case 0: UInt64(word())
    case 1: UInt64(word()) << 32 | UInt64(word())
    case 2: UInt64(below(3)) << 32 | UInt64(below(4))
    default: UInt64(below(20))
    }
  }

  private mutating func below(_ limit: Int) -> Int { Int.random(in: 0..<limit, using: &self) }
}
