/// Writes a graph as instructions, from the last to the first.
///
/// Whatever an instruction jumps to is already written, so every offset is final at once: no
/// labels and no patching. Only the reach of a conditional jump, 255, needs care; `target` is it.
struct Linearizer {
  private let graph: DecisionGraph
  /// Nodes that somebody enters with another value in A.
  private var needsLoad: [Bool]
  /// The instructions written so far, the program's last one first.
  private var written: [(instruction: Instruction, origins: [CompiledPolicy.Origin])] = []
  /// For each test the position of its load, or of the comparison where it has none.
  private var entries: [Int]
  /// For each test the position of its comparison, for those who come with the right value in A.
  private var tests: [Int]
  /// The nearest return of each answer; there is none before somebody needs it.
  private var returns: [DecisionGraph.NodeID: Int] = [:]
  /// The nearest jump to each position that was too far away.
  private var jumps: [Int: Int] = [:]

  /// Writes the part of a graph that a root reaches.
  ///
  /// - Returns: The instructions in program order, each with its origins.
  static func instructions(
    of graph: DecisionGraph, from root: DecisionGraph.NodeID
  ) -> [(instruction: Instruction, origins: [CompiledPolicy.Origin])] {
    var linearizer = Linearizer(graph)
    // Children come before their parents, so ascending order is back to front.
    let isReached = linearizer.reach(from: root)
    for node in graph.nodes.indices where isReached[node] && (graph.isTest(node) || node == root) {
      linearizer.write(node)
    }
    // In place: what Sequence.reversed() is specialised to differs from build to build.
    linearizer.written.reverse()
    return linearizer.written
  }

  private init(_ graph: DecisionGraph) {
    self.graph = graph
    needsLoad = Array(repeating: false, count: graph.nodes.count)
    entries = Array(repeating: 0, count: graph.nodes.count)
    tests = entries
  }

  private mutating func reach(from root: DecisionGraph.NodeID) -> [Bool] {
    var isReached = Array(repeating: false, count: graph.nodes.count)
    isReached[root] = true
    needsLoad[root] = true
    for node in graph.nodes.indices.reversed() where isReached[node] {
      guard case .test(let value, _, _, let ifTrue, let ifFalse) = graph.nodes[node] else {
        continue
      }
      for child in [ifTrue, ifFalse] {
        isReached[child] = true
        if case .test(let other, _, _, _, _) = graph.nodes[child], other != value {
          needsLoad[child] = true
        }
      }
    }
    return isReached
  }

  private mutating func write(_ node: DecisionGraph.NodeID) {
    let origins = graph.origins[node]
    switch graph.nodes[node] {
    case .answer(let answer):
      // Others have theirs written where they need it, or a program could hold a return that all
      // of them are too far away from. Only a filter that is nothing but an answer comes here.
      append(.return(.constant(answer)), origins)
    case .test(let value, let test, let constant, let ifTrue, let ifFalse):
      // Making ifFalse reachable may add an instruction, which moves ifTrue one further away.
      let yes = target(ifTrue, with: value, slack: 1, origins)
      let no = target(ifFalse, with: value, slack: 0, origins)
      append(
        .branch(test, .constant(constant), ifTrue: distance(to: yes), ifFalse: distance(to: no)),
        origins)
      tests[node] = written.count - 1
      if needsLoad[node] {
        if value.mask != .max { append(.arithmetic(.and, .constant(value.mask)), origins) }
        append(.load(.data(value.word)), origins)
      }
      entries[node] = written.count - 1
    }
  }

  private mutating func append(_ instruction: Instruction, _ origins: [CompiledPolicy.Origin]) {
    written.append((instruction, origins))
  }

  /// How many instructions the next one skips to get to a position.
  private func skips(to position: Int) -> Int { written.count - position - 1 }

  private func distance(to position: Int) -> UInt8 {
    UInt8(truncatingIfNeeded: skips(to: position))
  }

  /// A position that does what a node asks for and can be reached from the next instruction.
  ///
  /// - Parameters:
  ///   - node: Where to go.
  ///   - value: What A holds then.
  ///   - slack: How many more instructions may yet come in between.
  ///   - origins: Who asks, should a jump be needed on the way.
  /// - Returns: A position in reach.
  private mutating func target(
    _ node: DecisionGraph.NodeID, with value: DecisionGraph.Value, slack: Int,
    _ origins: [CompiledPolicy.Origin]
  ) -> Int {
    let reach = Int(UInt8.max) - slack
    switch graph.nodes[node] {
    case .answer(let answer):
      if let near = returns[node], skips(to: near) <= reach { return near }
      // Another return is as long as a jump to the first one, and faster.
      append(.return(.constant(answer)), graph.origins[node])
      returns[node] = written.count - 1
    case .test(let other, _, _, _, _):
      let position = other == value ? tests[node] : entries[node]
      if skips(to: position) <= reach { return position }
      if let near = jumps[position], skips(to: near) <= reach { return near }
      append(.jump(UInt32(truncatingIfNeeded: skips(to: position))), origins)
      jumps[position] = written.count - 1
    }
    return written.count - 1
  }
}
