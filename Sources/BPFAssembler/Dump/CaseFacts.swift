/// What a case asks of the arguments: for each word under a mask the values that it may have.
struct CaseFacts: Hashable {
  /// One masked word and its values.
  struct Fact: Hashable {
    let content: ProgramFlow.Content
    var values: RangeSet

    var view: WordView { WordView(content.word, mask: content.mask) }
  }

  /// In the order in which the filter asks.
  private(set) var facts: [Fact] = []
  /// Tests of what the program computes, in words.
  private(set) var computed: [String] = []

  /// Adds how a test of a word ended.
  mutating func add(_ content: ProgramFlow.Content, _ values: RangeSet) {
    if let index = facts.firstIndex(where: { $0.content == content }) {
      facts[index].values = facts[index].values.intersection(values)
    } else {
      facts.append(Fact(content: content, values: values))
    }
  }

  /// Adds how a test of something else ended.
  mutating func add(computed words: String) { computed.append(words) }

  /// Both cases as one; `nil` where they differ in more than the values of one word.
  func joined(with other: CaseFacts) -> CaseFacts? {
    guard computed == other.computed, facts.count == other.facts.count else { return nil }
    var joined = self
    var difference: Int?
    for (index, fact) in facts.enumerated() {
      guard let match = other.facts.first(where: { $0.content == fact.content }) else { return nil }
      if match.values == fact.values { continue }
      if difference != nil { return nil }
      difference = index
      joined.facts[index].values = fact.values.union(match.values)
    }
    if let difference, joined.facts[difference].isEverything { joined.facts.remove(at: difference) }
    return joined
  }

  /// The facts that no other one implies.
  var needed: [Fact] {
    var needed = facts
    for fact in facts {
      let others = needed.filter { $0.content != fact.content }
      if fact.isImplied(by: others) { needed = others }
    }
    return needed
  }
}

extension CaseFacts.Fact {
  /// Enough for any set of words, and no wait.
  private static let mostSteps = 100_000

  fileprivate var isEverything: Bool {
    Self.values(values.complement, of: view, most: 1)?.isEmpty ?? false
  }

  /// Whether the fact holds wherever the others of its word do.
  fileprivate func isImplied(by others: [CaseFacts.Fact]) -> Bool {
    var constraint = PathConstraint(remainingSteps: Self.mostSteps)
    for other in others where other.content.word == content.word {
      for gap in other.values.complement.ranges {
        let test = WordTest(other.view, in: gap)
        if constraint.decide(test) == .both { constraint.narrow(test, to: false) }
      }
    }
    return values.complement.ranges.allSatisfy { gap in
      constraint.decide(WordTest(view, in: gap)) == .never && constraint.remainingSteps >= 0
    }
  }

  /// The values of a set that a masked word can have; `nil` where there are more than `most`.
  static func values(_ set: RangeSet, of view: WordView, most: Int) -> [UInt32]? {
    var values: [UInt32] = []
    for range in set.ranges {
      var bound = range.lowerBound
      while let value = view.least(from: bound), value <= range.upperBound {
        if values.count == most { return nil }
        values.append(value)
        if value == .max { break }
        bound = value + 1
      }
    }
    return values
  }
}

extension RangeSet {
  func union(_ other: RangeSet) -> RangeSet {
    complement.intersection(other.complement).complement
  }
}
