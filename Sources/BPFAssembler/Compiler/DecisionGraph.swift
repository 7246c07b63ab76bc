/// A filter as a graph of immutable, shared nodes; a node can refer only to nodes that exist.
///
/// Equal nodes are one node, so equal tails of different rules are written once.
struct DecisionGraph {
  /// The position of a node; children always have smaller ones than their parents.
  typealias NodeID = Int

  /// What a test looks at: a word of the call's data, whole or under a mask.
  ///
  /// A test owns its load. Two nodes that look at the same value may share one load, and only
  /// then: a comparison can never run with the wrong word in A.
  struct Value: Hashable {
    let word: SeccompData.Word
    var mask = UInt32.max
  }

  enum Node: Hashable {
    case answer(UInt32)
    case test(Value, Instruction.Test, UInt32, ifTrue: NodeID, ifFalse: NodeID)
  }

  private(set) var nodes: [Node] = []
  /// For each node the parts of the policy that asked for it.
  private(set) var origins: [[CompiledPolicy.Origin]] = []
  private var known: [Node: NodeID] = [:]

  mutating func answer(_ value: UInt32, _ origin: CompiledPolicy.Origin) -> NodeID {
    insert(.answer(value), [origin])
  }

  /// A test, or the one place that both of its ways lead to.
  mutating func test(
    _ value: Value, _ test: Instruction.Test, _ constant: UInt32,
    ifTrue: NodeID, ifFalse: NodeID, _ origin: CompiledPolicy.Origin
  ) -> NodeID {
    if ifTrue == ifFalse { return ifTrue }
    return insert(.test(value, test, constant, ifTrue: ifTrue, ifFalse: ifFalse), [origin])
  }

  func isTest(_ node: NodeID) -> Bool {
    switch nodes[node] {
    case .test: true
    case .answer: false
    }
  }

  /// The node that does this; who asks for it is added to those who did before.
  mutating func insert(_ node: Node, _ asking: [CompiledPolicy.Origin]) -> NodeID {
    if let id = known[node] {
      for origin in asking where !origins[id].contains(origin) { origins[id].append(origin) }
      return id
    }
    known[node] = nodes.count
    nodes.append(node)
    origins.append(asking)
    return nodes.count - 1
  }
}

extension DecisionGraph {
  /// Takes back the nodes made since there were `count` of them; nothing else may refer to them.
  mutating func removeNodes(after count: Int) {
    while nodes.count > count, let node = nodes.popLast() {
      known[node] = nil
      origins.removeLast()
    }
  }
}

extension DecisionGraph {
  /// A stretch of values, up to the start of the next, that all lead to one node.
  struct Range {
    let start: UInt32
    let node: NodeID
  }

  /// Finds the range that a value lies in, by a balanced tree of `>=` over small groups.
  ///
  /// - Parameters:
  ///   - value: What is looked at.
  ///   - ranges: In ascending order and without gaps; the first need not start at 0 where
  ///     smaller values cannot occur.
  ///   - origin: Who asks.
  /// - Returns: The root of the tree.
  mutating func tree(_ value: Value, _ ranges: [Range], _ origin: CompiledPolicy.Origin) -> NodeID {
    let groups = Self.groups(ranges)
    var roots: [Range] = []
    for group in groups {
      // From the last to the first: a test refers to what comes after it.
      var node = group.otherwise
      for single in group.singles.reversed() {
        node = test(value, .equal, single.start, ifTrue: single.node, ifFalse: node, origin)
      }
      roots.append(Range(start: group.start, node: node))
    }
    return balanced(value, roots[...], origin)
  }

  /// How many tests `tree` makes of these ranges.
  static func testCount(_ ranges: [Range]) -> Int {
    testCount(groups(ranges))
  }

  private mutating func balanced(
    _ value: Value, _ roots: ArraySlice<Range>, _ origin: CompiledPolicy.Origin
  ) -> NodeID {
    let middle = roots.startIndex + roots.count / 2
    if roots.count <= 1 { return roots[middle].node }
    let low = balanced(value, roots[..<middle], origin)
    let high = balanced(value, roots[middle...], origin)
    return test(value, .greaterOrEqual, roots[middle].start, ifTrue: high, ifFalse: low, origin)
  }

  /// Neighbouring ranges of which all but a few single values lead to the same node.
  private struct Group {
    let start: UInt32
    var otherwise: NodeID
    var singles: [Range] = []
  }

  /// Two comparisons in a row are as deep as one more level of the tree and one instruction less.
  private static let mostSingles = 2

  private static func groups(_ ranges: [Range]) -> [Group] {
    let quick = quickGroups(ranges)
    let fewest = fewestTests(ranges)
    return fewest.count < testCount(quick) ? grouped(ranges, fewest.lengths) : quick
  }

  private static func testCount(_ groups: [Group]) -> Int {
    groups.reduce(-1) { $0 + $1.singles.count + 1 }
  }

  /// The groups as they come, from the first range on.
  private static func quickGroups(_ ranges: [Range]) -> [Group] {
    var groups: [Group] = []
    // Whether the last group consists of one single value, which can still step back to be a
    // single of the wider range that follows.
    var isLoneSingle = false
    for (index, range) in ranges.enumerated() {
      let isSingle =
        index + 1 < ranges.count
        ? ranges[index + 1].start == range.start + 1 : range.start == .max
      guard var group = groups.popLast() else {
        groups.append(Group(start: range.start, otherwise: range.node))
        isLoneSingle = isSingle
        continue
      }
      if range.node == group.otherwise {
        groups.append(group)
      } else if isSingle, group.singles.count < mostSingles {
        group.singles.append(range)
        groups.append(group)
      } else if isLoneSingle, group.singles.isEmpty {
        group.singles = [Range(start: group.start, node: group.otherwise)]
        group.otherwise = range.node
        groups.append(group)
      } else {
        groups.append(group)
        groups.append(Group(start: range.start, otherwise: range.node))
        isLoneSingle = isSingle
        continue
      }
      isLoneSingle = false
    }
    return groups
  }

  /// How many ranges each group takes where all of them together make the fewest tests.
  ///
  /// From the last range to the first: what a group costs, and the best of what follows it.
  private static func fewestTests(_ ranges: [Range]) -> (count: Int, lengths: [Int]) {
    var costs = Array(repeating: 0, count: ranges.count + 1)
    var lengths = Array(repeating: 1, count: ranges.count)
    for first in ranges.indices.reversed() {
      var best = 1 + costs[first + 1]
      // Ranges that are next to each other differ, so no group is longer.
      for length in 2...2 * mostSingles + 1 where first + length <= ranges.count {
        guard let singles = singles(ranges, first..<first + length)?.singles else { continue }
        let cost = singles.count + 1 + costs[first + length]
        if cost < best {
          best = cost
          lengths[first] = length
        }
      }
      costs[first] = best
    }
    return (costs[0] - 1, lengths)
  }

  private static func grouped(_ ranges: [Range], _ lengths: [Int]) -> [Group] {
    var groups: [Group] = []
    var first = 0
    while first < ranges.count {
      let group = singles(ranges, first..<first + lengths[first])
      groups.append(group ?? Group(start: ranges[first].start, otherwise: ranges[first].node))
      first += lengths[first]
    }
    return groups
  }

  /// Some ranges as one group; `nil` where they are none.
  private static func singles(_ ranges: [Range], _ part: Swift.Range<Int>) -> Group? {
    for choice in part.prefix(mostSingles + 1) {
      var group = Group(start: ranges[part.lowerBound].start, otherwise: ranges[choice].node)
      group.singles = part.filter { ranges[$0].node != group.otherwise }.map { ranges[$0] }
      let isSingle = part.allSatisfy { index in
        ranges[index].node == group.otherwise
          || (index + 1 < ranges.count
            ? ranges[index + 1].start == ranges[index].start + 1 : ranges[index].start == .max)
      }
      if isSingle, group.singles.count <= mostSingles { return group }
    }
    return nil
  }
}
