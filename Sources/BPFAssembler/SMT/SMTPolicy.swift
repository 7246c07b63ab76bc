/// A policy in SMT-LIB: for each ABI what its rules match, and from the last rule to the first what is
/// answered from there on.
///
/// This says once more what `Policy.verdict(of:native:)` says (`Policy/Meaning.swift`).
struct SMTPolicy {
  private let policy: Policy
  private let native: Architecture

  init(_ policy: Policy, native: Architecture) {
    self.policy = policy
    self.native = native
  }

  /// The definitions; the last one, `meaning`, is what the policy says.
  var lines: [String] {
    var lines = table(of: native)
    var foreign = answer(.kill)
    if let compat = native.compat {
      let answer: String
      switch policy.foreign {
      case .compile:
        lines += table(of: compat)
        answer = "\(compat).meaning"
      case .verdict(let verdict):
        answer = self.answer(verdict)
      }
      foreign = "(ite (= arch \(SMTTerm.word(compat.auditValue))) \(answer) \(foreign))"
    }
    lines += [
      "", "; What the policy says: \(native), the 32-bit ABI beside it, and no other.",
      SMTTerm.define(
        "meaning", "(ite (= arch \(SMTTerm.word(native.auditValue))) \(native).meaning \(foreign))"),
    ]
    return lines
  }

  /// What the policy says of one ABI's calls.
  private func table(of architecture: Architecture) -> [String] {
    let rules = policy.rules.indices.compactMap { index in
      matches(policy.rules[index], on: architecture).map { (index: index, term: $0) }
    }
    var lines = ["", "; \(architecture): what each rule matches."]
    for rule in rules {
      let place = policy.rules[rule.index].place.map { SafeText.shown($0.description.utf8) } ?? ""
      lines.append("; rule \(rule.index + 1)  \(place)  \(policy.rules[rule.index])")
      lines.append(SMTTerm.defineTruth("\(architecture).rule.\(rule.index + 1)", rule.term))
    }
    lines += ["", "; \(architecture): what is said from each rule on, the last one first."]
    var rest = answer(policy.defaultVerdict)
    for rule in rules.reversed() {
      let name = "\(architecture).from.\(rule.index + 1)"
      let verdict = answer(policy.rules[rule.index].verdict)
      let term = "(ite \(architecture).rule.\(rule.index + 1) \(verdict) \(rest))"
      lines.append(SMTTerm.define(name, term))
      rest = name
    }
    lines += ["; \(architecture): numbers above the newest, of x32, and of a skipped call."]
    rest = "(ite \(isUnknown(on: architecture)) \(answer(policy.unknown)) \(rest))"
    let x32: [(numbers: ClosedRange<UInt32>?, verdict: Verdict)] = [
      (architecture.x32TableNumbers, policy.x32WithoutBit ?? policy.x32),
      (architecture.x32Numbers, policy.x32),
    ]
    for case (let numbers?, let verdict) in x32 {
      rest = "(ite \(Self.isIn(numbers)) \(answer(verdict)) \(rest))"
    }
    rest = "(ite (= nr \(SMTTerm.word(Architecture.skippedNumber))) \(answer(.allow)) \(rest))"
    lines.append(SMTTerm.define("\(architecture).meaning", rest))
    return lines
  }

  private func isUnknown(on architecture: Architecture) -> String {
    let above = "(bvugt nr \(SMTTerm.word(architecture.newestNumber)))"
    guard let numbers = architecture.privateNumbers else { return above }
    let known = numbers.filter { Syscall.at(number: $0, on: architecture) != nil }
    return "(and \(above) (not \(Self.isAny(of: known))))"
  }

  private static func isIn(_ numbers: ClosedRange<UInt32>) -> String {
    "(and (bvuge nr \(SMTTerm.word(numbers.lowerBound))) (bvule nr \(SMTTerm.word(numbers.upperBound))))"
  }

  private static func isAny(of numbers: [UInt32]) -> String {
    SMTTerm.any(numbers.map { "(= nr \(SMTTerm.word($0)))" })
  }

  /// What the kernel is told (seccomp(2), "filter return values").
  private func answer(_ verdict: Verdict) -> String {
    switch verdict.resolved(refusal: policy.refusal) {
    case .allow: SMTTerm.word(0x7fff_0000)
    case .log: SMTTerm.word(0x7ffc_0000)
    case .kill: SMTTerm.word(0x8000_0000)
    case .deny(let errno): SMTTerm.word(0x0005_0000 | UInt32(errno?.number ?? 0))
    }
  }
}

/// Rules and their conditions.
extension SMTPolicy {
  /// Where a rule holds on an ABI; `nil` where that has none of its calls.
  private func matches(_ rule: Policy.Rule, on architecture: Architecture) -> String? {
    // Calls whose condition is the same term stand together.
    var groups: [(condition: String, numbers: [UInt32])] = []
    for call in rule.calls {
      guard let number = call.number(on: architecture) else { continue }
      let condition = rule.condition.map { term($0, call, architecture) } ?? "true"
      if let index = groups.firstIndex(where: { $0.condition == condition }) {
        groups[index].numbers.append(number)
      } else {
        groups.append((condition, [number]))
      }
    }
    if groups.isEmpty { return nil }
    return SMTTerm.any(
      groups.map { group in
        let call = Self.isAny(of: group.numbers)
        return group.condition == "true" ? call : SMTTerm.all([call, group.condition])
      })
  }

  private func term(
    _ condition: Policy.Condition, _ call: Syscall, _ architecture: Architecture
  ) -> String {
    switch condition {
    case .all(let parts): SMTTerm.all(parts.map { term($0, call, architecture) })
    case .any(let parts): SMTTerm.any(parts.map { term($0, call, architecture) })
    case .not(let part): "(not \(term(part, call, architecture)))"
    case .comparison(let comparison): term(comparison, call, architecture)
    }
  }

  private func term(
    _ comparison: Policy.Comparison, _ call: Syscall, _ architecture: Architecture
  ) -> String {
    guard let location = comparison.argument.location(in: call, on: architecture) else {
      return "false"
    }
    func number(_ value: Policy.Value) -> String {
      SMTTerm.wide(value.number(on: architecture, isWord: location.isWord))
    }
    var value = "arg\(location.index)\(location.isWord ? ".int" : "")"
    if let mask = comparison.mask { value = "(bvand \(value) \(number(mask)))" }
    return switch comparison.relation {
    case .equal(let other): "(= \(value) \(number(other)))"
    case .notEqual(let other): "(distinct \(value) \(number(other)))"
    case .less(let other): "(bvult \(value) \(number(other)))"
    case .lessOrEqual(let other): "(bvule \(value) \(number(other)))"
    case .greater(let other): "(bvugt \(value) \(number(other)))"
    case .greaterOrEqual(let other): "(bvuge \(value) \(number(other)))"
    case .member(let others): SMTTerm.any(others.map { "(= \(value) \(number($0)))" })
    }
  }
}
