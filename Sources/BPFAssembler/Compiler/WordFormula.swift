/// A condition of a policy, lowered to 32-bit words: what the machine can load and compare.
///
/// There is no `not`: it is pushed down to the tests, where a set becomes its complement.
indirect enum WordFormula {
  case constant(Bool)
  case test(DecisionGraph.Value, RangeSet)
  case all([WordFormula])
  case any([WordFormula])

  /// Lowers a condition for one call of one ABI.
  ///
  /// - Returns: `nil` where the condition names an argument that the call does not have there.
  init?(_ condition: Policy.Condition, of syscall: Syscall, on architecture: Architecture) {
    switch condition {
    case .not(let part):
      guard let part = WordFormula(part, of: syscall, on: architecture) else { return nil }
      self = part.negated
    case .all(let parts):
      guard let parts = Self.lowered(parts, of: syscall, on: architecture) else { return nil }
      self = .all(parts)
    case .any(let parts):
      guard let parts = Self.lowered(parts, of: syscall, on: architecture) else { return nil }
      self = .any(parts)
    case .comparison(let comparison):
      guard let location = comparison.argument.location(in: syscall, on: architecture) else {
        return nil
      }
      func number(_ value: Policy.Value) -> UInt64 {
        value.number(on: architecture, isWord: location.isWord)
      }
      self = Wide(location, comparison.mask.map(number) ?? .max)
        .formula(comparison.relation, number)
    }
  }

  private static func lowered(
    _ parts: [Policy.Condition], of syscall: Syscall, on architecture: Architecture
  ) -> [WordFormula]? {
    let lowered = parts.compactMap { WordFormula($0, of: syscall, on: architecture) }
    return lowered.count == parts.count ? lowered : nil
  }

  var negated: WordFormula {
    switch self {
    case .constant(let truth): .constant(!truth)
    case .test(let value, let set): .test(value, set.complement)
    case .all(let parts): .any(parts.map { $0.negated })
    case .any(let parts): .all(parts.map { $0.negated })
    }
  }

  /// A bound for the tests that the formula needs, which is also a bound for walks over it.
  ///
  /// What needs no test counts as well: a walk goes as deep as there are parts.
  var testCount: Int {
    switch self {
    case .constant: 1
    case .test(_, let set): Swift.max(1, 2 * set.ranges.count)
    case .all(let parts), .any(let parts):
      Swift.max(1, parts.reduce(0) { $0 + $1.testCount })
    }
  }
}

/// A masked argument as the one or two words that count; one word where the kernel takes 32 bits.
private struct Wide {
  private let low: DecisionGraph.Value
  private let high: DecisionGraph.Value?

  init(_ location: Policy.Argument.Location, _ mask: UInt64) {
    let argument = SeccompData.Argument.allCases[location.index]
    low = DecisionGraph.Value(word: argument.low, mask: UInt32(truncatingIfNeeded: mask))
    high =
      location.isWord
      ? nil
      : DecisionGraph.Value(word: argument.high, mask: UInt32(truncatingIfNeeded: mask >> 32))
  }

  func formula(_ relation: Policy.Comparison.Relation, _ number: (Policy.Value) -> UInt64)
    -> WordFormula
  {
    switch relation {
    case .equal(let value): equal(number(value))
    case .notEqual(let value): equal(number(value)).negated
    case .less(let value): less(number(value))
    case .greaterOrEqual(let value): less(number(value)).negated
    case .lessOrEqual(let value): lessOrEqual(number(value))
    case .greater(let value): lessOrEqual(number(value)).negated
    case .member(let values): member(values.map(number))
    }
  }

  private func equal(_ number: UInt64) -> WordFormula { member([number]) }

  private func lessOrEqual(_ number: UInt64) -> WordFormula {
    number == .max ? .constant(true) : less(number + 1)
  }

  private func less(_ number: UInt64) -> WordFormula {
    let (numberHigh, numberLow) = halves(number)
    guard let high else {
      return numberHigh == 0 ? test(low, below: numberLow) : .constant(true)
    }
    return .any([
      test(high, below: numberHigh),
      .all([test(high, [numberHigh]), test(low, below: numberLow)]),
    ])
  }

  private func member(_ numbers: [UInt64]) -> WordFormula {
    guard let high else {
      return test(low, numbers.compactMap { UInt32(exactly: $0) })
    }
    // One test of the high word for all numbers that share it.
    var parts: [WordFormula] = []
    var rest = numbers.sorted()[...]
    while let first = rest.first {
      let upper = halves(first).high
      let same = rest.prefix { halves($0).high == upper }
      rest = rest.dropFirst(same.count)
      parts.append(.all([test(high, [upper]), test(low, same.map { halves($0).low })]))
    }
    return .any(parts)
  }

  private func halves(_ number: UInt64) -> (high: UInt32, low: UInt32) {
    (UInt32(truncatingIfNeeded: number >> 32), UInt32(truncatingIfNeeded: number))
  }

  private func test(_ value: DecisionGraph.Value, _ numbers: [UInt32]) -> WordFormula {
    // What lies outside the mask is never seen, and no comparison is spent on it.
    .test(value, RangeSet(numbers.filter { $0 & ~value.mask == 0 }))
  }

  private func test(_ value: DecisionGraph.Value, below number: UInt32) -> WordFormula {
    .test(value, number == 0 ? .none : RangeSet(0...number - 1))
  }
}
