/// Builds the decision about one system call: its rules, first match first, as nodes of the graph.
///
/// Two ways lead there. The specialised one carries what is already known of each word along every
/// path, so that nothing is asked twice; it can grow beyond the rules, and then the plain one,
/// one test for each comparison, is taken instead. Either is right by itself.
final class DecisionBuilder {
  /// One rule of the call with its condition lowered.
  struct Step {
    let formula: WordFormula
    let answer: UInt32
    let origin: CompiledPolicy.Origin
  }

  typealias Value = DecisionGraph.Value
  typealias NodeID = DecisionGraph.NodeID

  /// Walks longer than this are left to the plain way, which needs no recursion.
  private static let mostSpecialisedTests = 96

  private(set) var graph = DecisionGraph()
  /// Whether some decision went the plain way, which asks again what is settled.
  private(set) var mayAskAgain = false
  private var remainingVisits = 0

  func answer(_ value: UInt32, _ origin: CompiledPolicy.Origin) -> NodeID {
    graph.answer(value, origin)
  }

  func test(
    _ value: Value, _ test: Instruction.Test, _ constant: UInt32,
    ifTrue: NodeID, ifFalse: NodeID, _ origin: CompiledPolicy.Origin
  ) -> NodeID {
    graph.test(value, test, constant, ifTrue: ifTrue, ifFalse: ifFalse, origin)
  }

  func tree(_ value: Value, _ ranges: [DecisionGraph.Range], _ origin: CompiledPolicy.Origin)
    -> NodeID
  {
    graph.tree(value, ranges, origin)
  }

  /// The decision that the steps make, or `otherwise` where none matches.
  func decision(_ steps: [Step], otherwise: NodeID) -> NodeID {
    let testCount = steps.reduce(0) { $0 + $1.formula.testCount }
    if testCount <= Self.mostSpecialisedTests {
      let nodeCount = graph.nodes.count
      remainingVisits = 4 * testCount + steps.count
      let node = specialised(steps[...], Facts(), otherwise: otherwise)
      let isSmall = graph.nodes.count - nodeCount <= testCount + steps.count
      if remainingVisits >= 0, isSmall { return node }
      graph.removeNodes(after: nodeCount)
    }
    mayAskAgain = true
    return steps.reversed().reduce(otherwise) { node, step in
      if case .constant(false) = step.formula { return node }
      let match = graph.answer(step.answer, step.origin)
      return plain(step.formula, step.origin, ifTrue: match, ifFalse: node)
    }
  }
}

extension DecisionBuilder {
  private func plain(
    _ formula: WordFormula, _ origin: CompiledPolicy.Origin, ifTrue: NodeID, ifFalse: NodeID
  ) -> NodeID {
    switch formula {
    case .constant(let truth): truth ? ifTrue : ifFalse
    case .test(let value, let set):
      membership(value, in: set, of: value.possible, origin, ifTrue: ifTrue, ifFalse: ifFalse)
    case .all(let parts):
      parts.reversed().reduce(ifTrue) { plain($1, origin, ifTrue: $0, ifFalse: ifFalse) }
    case .any(let parts):
      parts.reversed().reduce(ifFalse) { plain($1, origin, ifTrue: ifTrue, ifFalse: $0) }
    }
  }
}

extension DecisionBuilder {
  private func specialised(
    _ steps: ArraySlice<Step>, _ facts: Facts, otherwise: NodeID
  ) -> NodeID {
    guard let step = steps.first else { return otherwise }
    return branch(step.formula, facts, step.origin) { _ in
      graph.answer(step.answer, step.origin)
    } ifFalse: { facts in
      specialised(steps.dropFirst(), facts, otherwise: otherwise)
    }
  }

  private func branch(
    _ formula: WordFormula, _ facts: Facts, _ origin: CompiledPolicy.Origin,
    ifTrue: (Facts) -> NodeID, ifFalse: (Facts) -> NodeID
  ) -> NodeID {
    switch formula {
    case .constant(let truth):
      return truth ? ifTrue(facts) : ifFalse(facts)
    case .test(let value, let set):
      remainingVisits -= 1
      let possible = facts.possible(value)
      let inside = possible.intersection(set)
      let outside = possible.subtracting(set)
      // Once the visits are spent the result is thrown away; any way down ends the walk.
      if outside.isEmpty || remainingVisits < 0 { return ifTrue(facts) }
      if inside.isEmpty { return ifFalse(facts) }
      let no = ifFalse(facts.with(value, in: outside))
      let yes = ifTrue(facts.with(value, in: inside))
      return membership(value, in: set, of: possible, origin, ifTrue: yes, ifFalse: no)
    case .all(let parts):
      guard let first = parts.first else { return ifTrue(facts) }
      return branch(first, facts, origin) { facts in
        branch(.all(Array(parts.dropFirst())), facts, origin, ifTrue: ifTrue, ifFalse: ifFalse)
      } ifFalse: {
        ifFalse($0)
      }
    case .any(let parts):
      guard let first = parts.first else { return ifFalse(facts) }
      return branch(first, facts, origin) {
        ifTrue($0)
      } ifFalse: { facts in
        branch(.any(Array(parts.dropFirst())), facts, origin, ifTrue: ifTrue, ifFalse: ifFalse)
      }
    }
  }
}

extension DecisionBuilder {
  /// Asks whether a value lies in a set, given that it is one of `possible`.
  private func membership(
    _ value: Value, in set: RangeSet, of possible: RangeSet, _ origin: CompiledPolicy.Origin,
    ifTrue: NodeID, ifFalse: NodeID
  ) -> NodeID {
    let inside = possible.intersection(set)
    let outside = possible.subtracting(set)
    if outside.isEmpty { return ifTrue }
    if inside.isEmpty { return ifFalse }
    if value.mask != .max {
      // The machine can test bits without masking A first.
      let word = Value(word: value.word)
      if outside.onlyValue == 0 {
        return test(word, .bitsSet, value.mask, ifTrue: ifTrue, ifFalse: ifFalse, origin)
      }
      if inside.onlyValue == 0 {
        return test(word, .bitsSet, value.mask, ifTrue: ifFalse, ifFalse: ifTrue, origin)
      }
    }
    // What cannot occur may count as either; take the cheaper.
    let candidates = [inside, outside.complement].map { set in
      Self.ranges(of: set, ifTrue: ifTrue, ifFalse: ifFalse)
    }
    let counts = candidates.map { DecisionGraph.testCount($0) }
    return graph.tree(value, candidates[counts[0] <= counts[1] ? 0 : 1], origin)
  }

  private static func ranges(
    of set: RangeSet, ifTrue: NodeID, ifFalse: NodeID
  ) -> [DecisionGraph.Range] {
    let inside = set.ranges.map { DecisionGraph.Range(start: $0.lowerBound, node: ifTrue) }
    let outside = set.complement.ranges.map {
      DecisionGraph.Range(start: $0.lowerBound, node: ifFalse)
    }
    return (inside + outside).sorted { $0.start < $1.start }
  }
}
