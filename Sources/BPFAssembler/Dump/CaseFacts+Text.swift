/// Says facts in the policy language, in the shortest form.
struct FactWording {
  /// More values than this are said as ranges.
  private static let mostValues = 16

  let wording: Wording
  let rules: [Policy.Rule]
  let architecture: Architecture

  /// The conditions of a case, one for each thing that is asked.
  func conditions(_ facts: CaseFacts) -> [String] {
    var needed = facts.needed
    var words: [String] = []
    while !needed.isEmpty {
      let fact = needed.removeFirst()
      if let whole = whole(fact, &needed) {
        words.append(whole)
      } else {
        words += condition(fact)
      }
    }
    return words + facts.computed
  }

  /// Both halves of an argument as one value, where each has just one.
  private func whole(_ fact: CaseFacts.Fact, _ rest: inout [CaseFacts.Fact]) -> String? {
    let argument = SeccompData.Argument.allCases.first {
      fact.content.word == $0.low || fact.content.word == $0.high
    }
    guard let argument, !architecture.is32Bit, fact.content.mask == .max else { return nil }
    let isHigh = fact.content.word == argument.high
    let other = isHigh ? argument.low : argument.high
    let match = rest.firstIndex { $0.content.word == other && $0.content.mask == .max }
    guard let match, let own = fact.values.onlyValue, let half = rest[match].values.onlyValue,
      wording.isHalf(argument.low, rules, on: architecture)
    else { return nil }
    rest.remove(at: match)
    let content = ProgramFlow.Content(word: argument.low, mask: .max)
    let high = isHigh ? own : half
    let low = isHigh ? half : own
    let name = wording.value(content, rules, on: architecture)
    if high == 0 {
      return "\(name) == \(wording.constant(low, of: content, rules, on: architecture))"
    }
    return "\(name) == 0x\(String(UInt64(high) << 32 | UInt64(low), radix: 16))"
  }

  private func condition(_ fact: CaseFacts.Fact) -> [String] {
    var name = wording.value(fact.content, rules, on: architecture)
    if fact.content.mask == .max,
      wording.isHalf(fact.content.word, rules, on: architecture)
    {
      name += " & 0xffffffff"
    }
    func number(_ value: UInt32) -> String {
      wording.constant(value, of: fact.content, rules, on: architecture)
    }
    func set(_ values: [UInt32]) -> String {
      "{ " + values.map(number).joined(separator: ", ") + " }"
    }
    let values = CaseFacts.Fact.values(fact.values, of: fact.view, most: Self.mostValues)
    let others = CaseFacts.Fact.values(
      fact.values.complement, of: fact.view, most: Self.mostValues)
    if let others, others == [0] || values == nil || others.count < values?.count ?? 0 {
      if others.isEmpty { return [] }
      return others.count == 1
        ? ["\(name) != \(number(others[0]))"] : ["not \(name) in \(set(others))"]
    }
    if let values {
      return values.count == 1 ? ["\(name) == \(number(values[0]))"] : ["\(name) in \(set(values))"]
    }
    let parts = fact.values.ranges.map { range in
      var bounds: [String] = []
      if range.count == 1 { return "\(name) == \(number(range.lowerBound))" }
      if range.lowerBound > 0 { bounds.append("\(name) >= \(number(range.lowerBound))") }
      if range.upperBound < .max { bounds.append("\(name) <= \(number(range.upperBound))") }
      return bounds.joined(separator: " and ")
    }
    return parts.count == 1 ? parts : ["(" + parts.joined(separator: " or ") + ")"]
  }
}
