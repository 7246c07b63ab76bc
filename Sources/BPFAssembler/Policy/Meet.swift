extension Verdict {
  /// How much a verdict refuses: what a kernel with two filters does is the higher one
  /// (seccomp(2), "If multiple filters exist").
  private var severity: Int {
    switch self {
    case .allow: 0
    case .log: 1
    case .deny: 2
    case .kill: 3
    }
  }

  /// The verdict that refuses more; of two that deny, this one with its errno.
  package func met(_ other: Verdict) -> Verdict { other.severity > severity ? other : self }
}

extension Policy {
  /// The policy that allows what both policies allow: each call gets the verdict that refuses more.
  ///
  /// Where both deny, the errno is this policy's. It is exact, but for a 32-bit ABI that gets one
  /// verdict here and rules there: `deny` against rules of which some kill becomes `kill`.
  ///
  /// - Parameter other: The policy to meet; plain denials of it get its own errno.
  /// - Returns: The policy of both, with the layers of this one.
  package func met(_ other: Policy) -> Policy {
    let theirs = other.resolved
    var policy = Policy(
      defaultVerdict: defaultVerdict.met(theirs.defaultVerdict),
      foreign: foreign(with: theirs), x32: x32.met(theirs.x32),
      unknown: unknown.met(theirs.unknown), refusal: refusal,
      rules: rules(with: theirs))
    if x32WithoutBit != nil || theirs.x32WithoutBit != nil {
      policy.x32WithoutBit = (x32WithoutBit ?? x32).met(theirs.x32WithoutBit ?? theirs.x32)
    }
    policy.layers = layers
    policy.network = network
    return policy
  }

  /// The policy with its own errno in each plain denial.
  private var resolved: Policy {
    var policy = self
    policy.defaultVerdict = defaultVerdict.resolved(refusal: refusal)
    policy.x32 = x32.resolved(refusal: refusal)
    policy.x32WithoutBit = x32WithoutBit?.resolved(refusal: refusal)
    policy.unknown = unknown.resolved(refusal: refusal)
    if case .verdict(let verdict) = foreign {
      policy.foreign = .verdict(verdict.resolved(refusal: refusal))
    }
    policy.rules = rules.map { rule in
      Rule(rule.verdict.resolved(refusal: refusal), rule.calls, if: rule.condition, at: rule.place)
    }
    return policy
  }

  private func foreign(with other: Policy) -> Foreign {
    switch (foreign, other.foreign) {
    case (.compile, .compile): .compile
    case (.verdict(let own), .verdict(let theirs)): .verdict(own.met(theirs))
    case (.compile, .verdict(let verdict)): Self.foreign(verdict, self)
    case (.verdict(let verdict), .compile): Self.foreign(verdict, other)
    }
  }

  /// One verdict for each call, met with rules.
  private static func foreign(_ verdict: Verdict, _ policy: Policy) -> Foreign {
    guard verdict.refuses else { return .compile }
    let kills =
      policy.defaultVerdict == .kill || policy.unknown == .kill
      || policy.rules.contains { $0.verdict == .kill }
    return .verdict(kills ? .kill : verdict)
  }
}

extension Policy {
  /// Which rules of two policies speak of a call.
  private struct Mentions: Equatable {
    var own: [Int] = []
    var theirs: [Int] = []
  }

  /// Rules that decide, in their order, by the first match here and the first match there at once.
  private func rules(with other: Policy) -> [Rule] {
    var mentions = CallMap(repeating: Mentions())
    for (index, rule) in rules.enumerated() {
      for call in rule.calls { mentions[call].own.append(index) }
    }
    for (index, rule) in other.rules.enumerated() {
      for call in rule.calls { mentions[call].theirs.append(index) }
    }
    // Calls of which the same rules speak stay together.
    var order: [(mentions: Mentions, calls: [Syscall])] = []
    for call in mentions.calls {
      let key = mentions[call]
      if key.own.isEmpty, key.theirs.isEmpty { continue }
      if let group = order.firstIndex(where: { $0.mentions == key }) {
        order[group].calls.append(call)
      } else {
        order.append((key, [call]))
      }
    }
    return order.flatMap { group in
      Self.product(
        deciding(group.mentions.own), other.deciding(group.mentions.theirs), group.calls)
    }
  }

  /// The rules that can decide, the last of them without a condition.
  private func deciding(_ mentions: [Int]) -> [Rule] {
    var deciding: [Rule] = []
    for index in mentions {
      deciding.append(rules[index])
      if rules[index].condition == nil { return deciding }
    }
    return deciding + [Rule(defaultVerdict, [], at: Place("default"))]
  }

  private static func product(_ own: [Rule], _ theirs: [Rule], _ calls: [Syscall]) -> [Rule] {
    var rules: [Rule] = []
    for rule in own {
      let verdicts = theirs.map { rule.verdict.met($0.verdict) }
      if let first = verdicts.first, verdicts.allSatisfy({ $0 == first }) {
        let place = first == rule.verdict ? rule.place : theirs.first?.place
        rules.append(Rule(first, calls, if: rule.condition, at: place))
        continue
      }
      for (other, verdict) in zip(theirs, verdicts) {
        let conditions = [rule.condition, other.condition].compactMap { $0 }
        let condition = conditions.count == 2 ? Condition.all(conditions) : conditions.first
        let place = verdict == rule.verdict ? rule.place : other.place
        rules.append(Rule(verdict, calls, if: condition, at: place))
      }
    }
    return rules
  }
}
