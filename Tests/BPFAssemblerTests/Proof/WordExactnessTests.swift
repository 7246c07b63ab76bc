import Testing

@testable import BPFAssembler

/// Questions about one word, compared with trying every word.
///
/// A word of eight free bits has 256 values, wherever the bits lie, so all can be tried.
@Suite struct WordExactnessTests {
  @Test func decisionsAreExact() {
    var random = Seeded(41)
    for _ in 0..<1500 { decideAndNarrow(&random) }
  }

  private func decideAndNarrow(_ random: inout Seeded) {
    let bits = random.bits(8)
    let fixed = random.word() & ~bits
    var cell = PathConstraint(remainingSteps: 10_000_000)
    var words = Self.words(bits).map { $0 | fixed }
    let word = random.pick(SeccompData.Word.all)
    // The bits that are not free are fixed by a question, which makes one more view.
    let start = cell.mark
    cell.narrow(WordTest(WordView(word, mask: ~bits), in: fixed...fixed), to: true)
    for _ in 0..<Int.random(in: 1...12, using: &random) {
      let test = random.test(of: word, bits, fixed)
      let yes = words.filter { Self.holds(test, $0) }
      let expected: PathConstraint.Decision =
        yes.isEmpty ? .never : yes.count == words.count ? .always : .both
      #expect(cell.decide(test) == expected, "\(random.testDescription) \(test) of \(words)")
      guard expected == .both else { continue }
      let truth = random.once(in: 2)
      let mark = cell.mark
      cell.narrow(test, to: truth)
      if random.once(in: 4) {
        // Going back must lose nothing and keep nothing.
        cell.restore(mark)
      } else {
        words = words.filter { Self.holds(test, $0) == truth }
      }
      guard let witness = cell.witness() else {
        Issue.record("no witness: \(random.testDescription)")
        return
      }
      #expect(words.contains(witness[word]), "\(random.testDescription)")
    }
    cell.restore(start)
    #expect(cell.decide(WordTest(WordView(word), in: 7...7)) == .both)
  }

  @Test func leastIsTheLeast() {
    var random = Seeded(42)
    for _ in 0..<3000 {
      let shift = random.pick([0, 7, 24] as [UInt32])
      var view = WordView(.nr, mask: (random.word() & 0xff) << shift)
      view.flip = (random.word() & 0xff) << shift
      let values = Set(
        (0...255 as ClosedRange<UInt32>).map { ($0 << shift) & view.mask ^ view.flip })
      for _ in 0..<20 {
        let low = random.once(in: 2) ? random.word() & (1 << shift &- 1) : 0
        let bound = (random.word() & 0xff) << shift | low
        #expect(view.least(from: bound) == values.filter { $0 >= bound }.min())
      }
    }
  }

  @Test func manyMasksThatExcludeEachOtherAreDecided() {
    // Each view alone allows something; only all of them together allow nothing.
    var cell = PathConstraint(remainingSteps: 1_000_000)
    for bit in 0..<16 as Range<UInt32> {
      let pair = WordView(.nr, mask: 0b11 << (2 * bit))
      cell.narrow(WordTest(pair, in: 0...0), to: false)
      cell.narrow(WordTest(WordView(.nr, mask: 0b10 << (2 * bit)), in: 0...0), to: true)
    }
    let odd = WordTest(WordView(.nr, mask: 0x5555_5555), in: 0x5555_5555...0x5555_5555)
    #expect(cell.decide(odd) == .always)
    #expect(cell.witness()?.nr == 0x5555_5555)
  }

  private static func words(_ bits: UInt32) -> [UInt32] {
    var words: [UInt32] = [0]
    for bit in 0..<32 as Range<UInt32> where bits & 1 << bit != 0 {
      words += words.map { $0 | 1 << bit }
    }
    return words
  }

  private static func holds(_ test: WordTest, _ word: UInt32) -> Bool {
    (test.lowest...test.highest).contains(word & test.view.mask ^ test.view.flip)
  }
}

extension Seeded {
  fileprivate mutating func bits(_ count: Int) -> UInt32 {
    var bits: UInt32 = 0
    while bits.nonzeroBitCount < count { bits |= 1 << UInt32.random(in: 0..<32, using: &self) }
    return bits
  }

  /// A question whose constants lie where the words are.
  fileprivate mutating func test(
    of word: SeccompData.Word, _ bits: UInt32, _ fixed: UInt32
  ) -> WordTest {
    var view = WordView(word)
    if !once(in: 3) { view.mask = once(in: 2) ? next32() & bits : next32() }
    if once(in: 4) { view.flip = next32() & (once(in: 2) ? bits : .max) }
    let ends = (0..<2).map { _ in
      once(in: 8) ? self.word() : (next32() & bits | fixed) & view.mask ^ view.flip
    }
    let (low, high) = (min(ends[0], ends[1]), max(ends[0], ends[1]))
    return WordTest(view, in: once(in: 3) ? low...low : low...high)
  }

  private mutating func next32() -> UInt32 { UInt32(truncatingIfNeeded: next()) }
}
