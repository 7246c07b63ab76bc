/// Looks over a policy for what is legal but probably not meant.
struct PolicyReview {
  let rules: [LocatedRule]
  let policy: Policy

  init(_ rules: [LocatedRule], of policy: Policy) {
    self.rules = rules
    self.policy = policy
  }

  func warnings() -> [PolicyDiagnostic] {
    var warnings: [PolicyDiagnostic] = []
    var earlier: [Syscall: [LocatedRule]] = [:]
    var steps = Self.mostSteps
    for rule in rules {
      warnings += deadRule(rule, earlier, &steps)
      warnings += probingCalls(rule)
      warnings += unfilteredCalls(rule)
      warnings += traps(rule)
      for call in rule.rule.calls { note(rule, among: &earlier[call, default: []]) }
    }
    return (warnings + gaps() + openFlags()).sorted {
      ($0.line, $0.column) < ($1.line, $1.column)
    }
  }

  /// More rules about one call are not compared with those that follow.
  private static let mostCompared = 64
  /// Nor are more parts of conditions than these compared, which takes a fraction of a second.
  private static let mostSteps = 100_000

  /// Remembers a rule for those behind it; none counts behind one without a condition.
  private func note(_ rule: LocatedRule, among rules: inout [LocatedRule]) {
    let isSettled = rules.last.map { $0.rule.condition == nil } ?? false
    if isSettled || rules.count >= Self.mostCompared && rule.rule.condition != nil { return }
    rules.append(rule)
  }

  func warning(_ rule: LocatedRule, _ message: String, at call: Int = 0) -> PolicyDiagnostic {
    rule.line.diagnostic(.warning, rule.callSpans[call], message)
  }

  private func deadRule(
    _ rule: LocatedRule, _ earlier: [Syscall: [LocatedRule]], _ steps: inout Int
  ) -> [PolicyDiagnostic] {
    if rule.rule.isNeverTrue {
      return [warning(rule, "this rule can never match: no argument meets its condition")]
    }
    var deciders: [LocatedRule] = []
    for call in rule.rule.calls {
      var decider: LocatedRule?
      let others = earlier[call] ?? []
      // Only the last can be without a condition.
      if let last = others.last, last.rule.condition == nil { decider = last }
      if let condition = rule.rule.condition, steps > 0 {
        decider =
          others.first { $0.rule.condition.map { condition.implies($0, of: call, &steps) } ?? true }
          ?? decider
      }
      guard let decider else { return [] }
      deciders.append(decider)
    }
    guard let first = deciders.first else { return [] }
    return [
      warning(
        rule,
        "this rule can never match: \(Self.name(of: first, for: rule)) decides before it is reached"
      )
    ]
  }

  /// Where a rule stands, for a message about another one.
  private static func name(of rule: LocatedRule, for other: LocatedRule) -> String {
    let place = rule.rule.place
    return place?.source == other.rule.place?.source
      ? "line \(rule.line.number)" : "\(place?.description ?? "another one")"
  }

  /// glibc tries these and falls back to an older call, but on ENOSYS only.
  static let probing = ["clone3", "faccessat2", "openat2", "statx", "rseq"]

  private func probingCalls(_ rule: LocatedRule) -> [PolicyDiagnostic] {
    if !rule.rule.verdict.refuses || rule.rule.verdict == .deny(.enosys) { return [] }
    return rule.rule.calls.indices.compactMap { index in
      let name = rule.rule.calls[index].name
      guard Self.probing.contains(name) else { return nil }
      return warning(
        rule, "glibc tries \(name) first and falls back on ENOSYS only; deny it with ENOSYS",
        at: index)
    }
  }

  /// The kernel runs these two without asking any filter (kernel/seccomp.c, `seccomp_uprobe_exception`).
  private static let unfiltered = ["uretprobe", "uprobe"]

  private func unfilteredCalls(_ rule: LocatedRule) -> [PolicyDiagnostic] {
    rule.rule.calls.indices.compactMap { index in
      let name = rule.rule.calls[index].name
      // Whoever names a set means none of these two.
      guard Self.unfiltered.contains(name), !rule.isOfSet(call: index) else { return nil }
      return warning(rule, "the kernel runs \(name) on x86_64 whatever a filter says", at: index)
    }
  }
}

extension Policy.Rule {
  /// Whether the condition is false of every argument, as far as its comparisons alone show it.
  fileprivate var isNeverTrue: Bool {
    guard let condition else { return false }
    return calls.allSatisfy { call in
      Architecture.allCases.allSatisfy { architecture in
        call.number(on: architecture) == nil
          || condition.truth(of: call, on: architecture) == false
      }
    }
  }
}

extension Policy.Condition {
  /// What the condition is of every argument; `nil` where it depends on them.
  fileprivate func truth(of call: Syscall, on architecture: Architecture) -> Bool? {
    switch self {
    case .comparison(let comparison):
      guard let location = comparison.argument.location(in: call, on: architecture) else {
        return false
      }
      return comparison.truth(on: architecture, isWord: location.isWord)
    case .not(let part):
      return part.truth(of: call, on: architecture).map { !$0 }
    case .all(let parts):
      let truths = parts.map { $0.truth(of: call, on: architecture) }
      return truths.contains(false) ? false : truths.allSatisfy { $0 == true } ? true : nil
    case .any(let parts):
      let truths = parts.map { $0.truth(of: call, on: architecture) }
      return truths.contains(true) ? true : truths.allSatisfy { $0 == false } ? false : nil
    }
  }
}

extension Policy.Comparison {
  fileprivate func truth(on architecture: Architecture, isWord: Bool) -> Bool? {
    func number(_ value: Policy.Value) -> UInt64 { value.number(on: architecture, isWord: isWord) }
    // The largest value that there is; one with other bits does not occur.
    let largest = (mask.map(number) ?? .max) & (isWord ? 0xffff_ffff : .max)
    func isBelow(_ value: Policy.Value) -> Bool? {
      number(value) == 0 ? false : number(value) > largest ? true : nil
    }
    func isEqual(_ values: [Policy.Value]) -> Bool? {
      if values.allSatisfy({ number($0) & ~largest != 0 }) { return false }
      return largest == 0 ? true : nil
    }
    return switch relation {
    case .equal(let value): isEqual([value])
    case .notEqual(let value): isEqual([value]).map { !$0 }
    case .member(let values): isEqual(values)
    case .less(let value): isBelow(value)
    case .greaterOrEqual(let value): isBelow(value).map { !$0 }
    case .lessOrEqual(let value): number(value) >= largest ? true : nil
    case .greater(let value): number(value) >= largest ? false : nil
    }
  }
}
