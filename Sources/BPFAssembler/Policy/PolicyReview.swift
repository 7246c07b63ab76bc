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
    if let condition = rule.rule.condition, condition.isNeverTrue {
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

extension Condition {
  /// Whether the condition is false of every argument, as far as one comparison alone shows it.
  fileprivate var isNeverTrue: Bool {
    switch self {
    case .comparison(let comparison): comparison.isNeverTrue
    case .all(let parts): parts.contains { $0.isNeverTrue }
    case .any(let parts): parts.allSatisfy { $0.isNeverTrue }
    case .not: false
    }
  }
}

extension Comparison {
  fileprivate var isNeverTrue: Bool {
    Architecture.allCases.allSatisfy { architecture in
      // In 64 bits: what is impossible there is impossible in 32 bits too.
      func number(_ value: Value) -> UInt64 { value.number(on: architecture, isWord: false) }
      let mask = mask.map(number) ?? .max
      func isOutside(_ value: Value) -> Bool { number(value) & ~mask != 0 }
      return switch relation {
      case .equal(let value): isOutside(value)
      case .member(let values): values.allSatisfy(isOutside)
      case .less(let value): number(value) == 0
      case .greater(let value): number(value) >= mask
      case .notEqual, .lessOrEqual, .greaterOrEqual: false
      }
    }
  }
}
