extension DecisionGraph {
  /// The same decisions without the tests that every way in has settled before.
  ///
  /// One walk from the root to the answers: a node is entered with what all ways to it have in
  /// common, so that the graph stays as shared as it is and the work grows with its size.
  ///
  /// - Parameter root: The first node.
  /// - Returns: A new graph and its first node.
  func pruned(from root: NodeID) -> (graph: DecisionGraph, root: NodeID) {
    let outcomes = settledOutcomes(from: root)
    var graph = DecisionGraph()
    var places = Array(repeating: 0, count: nodes.count)
    // Children come before their parents.
    for node in nodes.indices {
      switch (outcomes[node], nodes[node]) {
      case (.unreached, _): continue
      case (.both, .answer(let answer)):
        places[node] = graph.insert(.answer(answer), origins[node])
      case (.both, .test(let value, let test, let constant, let ifTrue, let ifFalse)):
        let (yes, no) = (places[ifTrue], places[ifFalse])
        places[node] =
          yes == no
          ? yes
          : graph.insert(.test(value, test, constant, ifTrue: yes, ifFalse: no), origins[node])
      case (.always(let next), _): places[node] = places[next]
      }
    }
    return (graph, places[root])
  }

  private enum Outcome {
    case unreached
    case always(NodeID)
    case both
  }

  private func settledOutcomes(from root: NodeID) -> [Outcome] {
    var outcomes = Array(repeating: Outcome.unreached, count: nodes.count)
    var known = Array(repeating: Facts?.none, count: nodes.count)
    known[root] = Facts()
    func enter(_ node: NodeID, _ facts: Facts) {
      known[node] = known[node]?.union(facts) ?? facts
    }
    for node in nodes.indices.reversed() {
      guard let facts = known[node] else { continue }
      known[node] = nil
      outcomes[node] = .both
      guard case .test(let value, let test, let constant, let ifTrue, let ifFalse) = nodes[node]
      else { continue }
      let (asked, set) = Self.question(value, test, constant)
      let possible = facts.possible(asked)
      let inside = possible.intersection(set)
      let outside = possible.subtracting(set)
      if !inside.isEmpty { enter(ifTrue, facts.with(asked, in: inside)) }
      if !outside.isEmpty { enter(ifFalse, facts.with(asked, in: outside)) }
      if outside.isEmpty {
        outcomes[node] = .always(ifTrue)
      } else if inside.isEmpty {
        outcomes[node] = .always(ifFalse)
      }
    }
    return outcomes
  }

  /// A test as a set of values; one of bits asks about the value under these bits.
  private static func question(
    _ value: Value, _ test: Instruction.Test, _ constant: UInt32
  ) -> (Value, RangeSet) {
    let mask = test == .bitsSet ? value.mask & constant : value.mask
    return (Value(word: value.word, mask: mask), RangeSet(passing: test, constant))
  }
}
