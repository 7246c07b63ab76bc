import Testing

@testable import BPFAssembler

@Suite struct DecisionGraphTests {
  private typealias Value = DecisionGraph.Value
  private let nr = Value(word: .nr)

  /// Makes a program of a tree in which every range answers its own number.
  private func tree(_ starts: [UInt32], _ answers: [UInt32]) throws -> (Program, tests: Int) {
    var graph = DecisionGraph()
    let nodes = answers.map { graph.answer($0, .default) }
    let ranges = zip(starts, nodes).map { DecisionGraph.Range(start: $0, node: $1) }
    let answerCount = graph.nodes.count
    let root = graph.tree(nr, ranges, .dispatch)
    let tests = graph.nodes.count - answerCount
    #expect(DecisionGraph.testCount(ranges) >= tests)
    let written = Linearizer.instructions(of: graph, from: root)
    return (try Program(written.map { $0.instruction }), tests)
  }

  private func expectRanges(_ starts: [UInt32], _ answers: [UInt32], tests: Int) throws {
    let (program, count) = try tree(starts, answers)
    #expect(count == tests, "\(starts)")
    for value in starts.flatMap({ [$0, $0 &+ 1, $0 &- 1] }) + [0, .max] {
      let index = starts.lastIndex { $0 <= value } ?? 0
      // Values below the first range cannot occur.
      if value < starts[0] { continue }
      #expect(program.run(SeccompData(nr: value, arch: 0)) == answers[index], "\(value)")
    }
  }

  @Test func aLoneRangeNeedsNoTest() throws {
    try expectRanges([0], [7], tests: 0)
    try expectRanges([0, 5], [7, 7], tests: 0)
  }

  @Test func twoRangesNeedOne() throws {
    try expectRanges([0, 5], [1, 2], tests: 1)
    try expectRanges([0, 1], [1, 2], tests: 1)
    try expectRanges([0, .max], [1, 2], tests: 1)
    try expectRanges([5, 6], [1, 2], tests: 1)
  }

  @Test func singleValuesAreComparedForEquality() throws {
    try expectRanges([0, 5, 6], [1, 2, 1], tests: 1)
    try expectRanges([0, 5, 6, 8, 9], [1, 2, 1, 3, 1], tests: 2)
    try expectRanges([0, 5, 6, 7], [1, 2, 3, 1], tests: 2)
    // A third one makes another group, and a comparison between the groups.
    try expectRanges([0, 5, 6, 8, 9, 11, 12], [1, 2, 1, 3, 1, 4, 1], tests: 4)
  }

  @Test func aSingleValueAtTheFrontStepsBack() throws {
    try expectRanges([0, 1], [2, 1], tests: 1)
    try expectRanges([0, 1, 9, 10], [2, 1, 3, 1], tests: 2)
    try expectRanges([0, 1, 2], [3, 2, 1], tests: 2)
  }

  @Test func theLastValueIsASingleOne() throws {
    try expectRanges([0, 0x4000_0000, .max], [1, 2, 1], tests: 2)
    try expectRanges([0, .max - 1, .max], [1, 2, 3], tests: 2)
  }

  @Test func anyRangesInLogarithmicDepth() throws {
    var random = Seeded(34)
    for _ in 0..<200 {
      var start: UInt32 = random.once(in: 2) ? 0 : 3
      var starts = [start]
      for _ in 0..<Int.random(in: 1...60, using: &random) {
        start += random.once(in: 2) ? 1 : UInt32.random(in: 1...9, using: &random)
        starts.append(start)
      }
      if random.once(in: 3) { starts.append(.max) }
      let answers = starts.map { _ in UInt32.random(in: 1...4, using: &random) }
      let (program, _) = try tree(starts, answers)
      for value in starts[0]...start + 2 {
        let index = starts.lastIndex { $0 <= value } ?? 0
        var steps = 0
        let answer = program.run(SeccompData(nr: value, arch: 0)) { _ in steps += 1 }
        #expect(answer == answers[index])
        // A load, a return, two singles, and the tree over at most 62 groups.
        #expect(steps <= 2 + 2 + 6)
      }
      #expect(program.run(SeccompData(nr: .max, arch: 0)) == answers[starts.count - 1])
    }
  }

  @Test func equalNodesAreOne() {
    var graph = DecisionGraph()
    let (yes, no) = (graph.answer(1, .default), graph.answer(0, .default))
    let first = graph.test(nr, .equal, 5, ifTrue: yes, ifFalse: no, .rule(0))
    #expect(graph.test(nr, .equal, 5, ifTrue: yes, ifFalse: no, .rule(1)) == first)
    #expect(graph.origins[first] == [.rule(0), .rule(1)])
    #expect(graph.answer(1, .default) == yes && graph.origins[yes] == [.default])
    #expect(graph.test(nr, .equal, 6, ifTrue: yes, ifFalse: yes, .rule(0)) == yes)
    #expect(graph.nodes.count == 3)
  }

  @Test func nodesThatAreTakenBackCanBeMadeAgain() {
    var graph = DecisionGraph()
    let yes = graph.answer(1, .default)
    let no = graph.answer(0, .rule(0))
    _ = graph.test(nr, .equal, 5, ifTrue: yes, ifFalse: no, .rule(0))
    graph.removeNodes(after: 1)
    #expect(graph.nodes == [.answer(1)] && graph.origins == [[.default]])
    #expect(graph.answer(0, .rule(1)) == 1 && graph.origins[1] == [.rule(1)])
  }

  @Test func aTestOwnsItsLoad() throws {
    // The second test looks at another word than the first, whichever way leads to it.
    var graph = DecisionGraph()
    let answers = (0...2).map { graph.answer($0, .default) }
    let word = Value(word: .arch)
    let second = graph.test(word, .equal, 1, ifTrue: answers[1], ifFalse: answers[2], .default)
    let middle = graph.test(nr, .greater, 9, ifTrue: second, ifFalse: answers[0], .default)
    let root = graph.test(word, .equal, 7, ifTrue: second, ifFalse: middle, .default)
    let written = Linearizer.instructions(of: graph, from: root).map { $0.instruction }
    let program = try Program(written)
    // One load each, and the way from `root` may go past the second's.
    #expect(written.filter { if case .load = $0 { true } else { false } }.count == 3)
    for (nr, arch, answer) in [(1, 7, 2), (1, 1, 0), (10, 1, 1), (10, 2, 2)]
      as [(UInt32, UInt32, UInt32)]
    {
      #expect(program.run(SeccompData(nr: nr, arch: arch)) == answer)
    }
  }

  @Test func whatEveryWayHasSettledIsNotAskedAgain() throws {
    var graph = DecisionGraph()
    let answers = (0..<4).map { graph.answer($0, .default) }
    // Below 5 or not, then twice the same question: the two ways have 7 in common, and 3 not.
    func node(_ test: Instruction.Test, _ k: UInt32, _ ifTrue: Int, _ ifFalse: Int) -> Int {
      graph.test(nr, test, k, ifTrue: ifTrue, ifFalse: ifFalse, .dispatch)
    }
    let isThree = node(.equal, 3, answers[3], answers[0])
    let isSeven = node(.equal, 7, answers[1], isThree)
    let low = node(.equal, 7, answers[2], isSeven)
    let high = node(.equal, 7, answers[3], isSeven)
    let root = node(.greaterOrEqual, 5, high, low)
    let (pruned, first) = graph.pruned(from: root)
    // `low` cannot be 7, and nor can those who come to `isSeven`.
    #expect(
      Set(pruned.nodes) == [
        .answer(3), .answer(0),
        .test(nr, .equal, 3, ifTrue: pruned.place(.answer(3)), ifFalse: pruned.place(.answer(0))),
        .test(nr, .equal, 7, ifTrue: pruned.place(.answer(3)), ifFalse: first - 2),
        .test(nr, .greaterOrEqual, 5, ifTrue: first - 1, ifFalse: first - 2),
      ])
    #expect(pruned.origins.allSatisfy { !$0.isEmpty })
    for number in 0...9 as ClosedRange<UInt32> {
      let data = SeccompData(nr: number, arch: 0)
      #expect(try program(pruned, first).run(data) == program(graph, root).run(data))
    }
  }

  @Test func bitsAreSettledByTheSameBitsOnly() throws {
    var graph = DecisionGraph()
    let (no, yes) = (graph.answer(0, .default), graph.answer(1, .default))
    func node(_ bits: UInt32, _ ifTrue: Int, _ ifFalse: Int) -> Int {
      graph.test(nr, .bitsSet, bits, ifTrue: ifTrue, ifFalse: ifFalse, .dispatch)
    }
    let others = node(4, no, node(3, yes, no))
    let root = node(3, others, yes)
    let (pruned, first) = graph.pruned(from: root)
    #expect(pruned.nodes.count == graph.nodes.count - 1)
    for number in 0...15 as ClosedRange<UInt32> {
      let data = SeccompData(nr: number, arch: 0)
      #expect(try program(pruned, first).run(data) == program(graph, root).run(data))
    }
  }

  private func program(_ graph: DecisionGraph, _ root: Int) throws -> Program {
    try Program(Linearizer.instructions(of: graph, from: root).map { $0.instruction })
  }
}

extension DecisionGraph {
  fileprivate func place(_ node: Node) -> NodeID { nodes.firstIndex(of: node) ?? -1 }
}
