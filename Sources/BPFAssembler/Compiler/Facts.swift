/// What is known of the values that were looked at on the way to a node.
struct Facts {
  private var sets: [(value: DecisionGraph.Value, set: RangeSet)] = []

  /// What a value can still be, or more.
  func possible(_ value: DecisionGraph.Value) -> RangeSet {
    if let known = sets.first(where: { $0.value == value }) { return known.set }
    let whole = DecisionGraph.Value(word: value.word)
    if let word = sets.first(where: { $0.value == whole })?.set.onlyValue {
      return RangeSet([word & value.mask])
    }
    return value.possible
  }

  /// The facts with one more, which replaces what was known of the same value.
  func with(_ value: DecisionGraph.Value, in set: RangeSet) -> Facts {
    var facts = self
    facts.sets.removeAll { $0.value == value }
    facts.sets.append((value, set))
    return facts
  }

  /// What holds whichever of two sets of facts does.
  func union(_ other: Facts) -> Facts {
    var facts = Facts()
    for (value, set) in sets {
      guard let second = other.sets.first(where: { $0.value == value })?.set else { continue }
      // Most facts are the same on all ways.
      let both =
        set == second ? set : set.complement.intersection(second.complement).complement
      if both != value.possible { facts.sets.append((value, both)) }
    }
    return facts
  }
}

extension DecisionGraph.Value {
  /// The values that the mask lets through, or more.
  var possible: RangeSet {
    mask.nonzeroBitCount == 1 ? RangeSet([0, mask]) : RangeSet(0...mask)
  }
}
