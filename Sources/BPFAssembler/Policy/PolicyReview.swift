/// Looks over a policy for what is legal but probably not meant.
struct PolicyReview {
  private let rules: [LocatedRule]
  private let isDenyList: Bool

  init(_ rules: [LocatedRule], defaultVerdict: Verdict) {
    self.rules = rules
    isDenyList = !defaultVerdict.refuses
  }

  func warnings() -> [PolicyDiagnostic] {
    var warnings: [PolicyDiagnostic] = []
    var deciders: [Syscall: LocatedRule] = [:]
    for rule in rules {
      warnings += deadRule(rule, deciders)
      warnings += probingCalls(rule)
      warnings += unfilteredCalls(rule)
      if rule.rule.condition == nil {
        for call in rule.rule.calls where deciders[call] == nil { deciders[call] = rule }
      }
    }
    return (warnings + gaps()).sorted { ($0.line, $0.column) < ($1.line, $1.column) }
  }

  private func warning(_ rule: LocatedRule, _ message: String, at call: Int = 0) -> PolicyDiagnostic
  {
    rule.line.diagnostic(.warning, rule.callSpans[call], message)
  }

  private func deadRule(
    _ rule: LocatedRule, _ deciders: [Syscall: LocatedRule]
  ) -> [PolicyDiagnostic] {
    if rule.rule.isNeverTrue {
      return [warning(rule, "this rule can never match: no argument meets its condition")]
    }
    let earlier = rule.rule.calls.map { deciders[$0] }
    guard let first = earlier.first ?? nil, earlier.allSatisfy({ $0 != nil }) else { return [] }
    return [
      warning(
        rule, "this rule can never match: line \(first.line.number) decides before it is reached")
    ]
  }

  /// glibc tries these and falls back to an older call, but on ENOSYS only.
  private static let probing = ["clone3", "faccessat2", "openat2", "statx", "rseq"]

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
      guard Self.unfiltered.contains(name) else { return nil }
      return warning(rule, "the kernel runs \(name) on x86_64 whatever a filter says", at: index)
    }
  }

  /// Calls that do the same, so that refusing one without the other refuses nothing.
  private static let equals: [(refused: String, open: String)] = [
    ("sendmsg", "sendmmsg"), ("recvmsg", "recvmmsg"), ("recvmmsg", "recvmmsg_time64"),
    ("accept", "accept4"), ("socket", "io_uring_setup"), ("socket", "socketcall"),
  ]

  private func gaps() -> [PolicyDiagnostic] {
    guard isDenyList else { return [] }
    var refused: [Syscall: (rule: LocatedRule, call: Int)] = [:]
    for rule in rules where rule.rule.verdict.refuses {
      for (index, call) in rule.rule.calls.enumerated() where refused[call] == nil {
        refused[call] = (rule, index)
      }
    }
    return Self.equals.compactMap { pair in
      guard let call = Syscall(named: pair.refused), let open = Syscall(named: pair.open),
        let place = refused[call], refused[open] == nil
      else { return nil }
      return warning(
        place.rule, "\(pair.refused) is refused but \(pair.open), which does the same, is not",
        at: place.call)
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
