/// The places where a walk has been, with what it knew there of the bits that matter.
///
/// A place is put in before it has been walked from: a difference anywhere ends the proof, so a
/// second path may rely on the first one.
struct MeetingPoints {
  private let relevance: Relevance
  private let questions: [SIMD16<UInt32>]
  private var seen: Set<[UInt32]> = []
  private var size = 0

  // 16 MiB of numbers. Paths that meet later are walked again, which is slower and as right.
  private static let mostNumbers = 4 << 20

  init(_ relevance: Relevance, _ meaning: CallMeaning) {
    self.relevance = relevance
    questions = meaning.relevantBits()
  }

  /// Notes a path that is about to split.
  ///
  /// - Parameters:
  ///   - index: The instruction; nil where the program has answered.
  ///   - value: The accumulator, or the answer.
  ///   - next: How far the path has come in the meaning.
  ///   - cell: What is known.
  /// - Returns: Whether a path like this was noted before, and how much work it was to see that.
  mutating func meets(
    _ index: Int?, _ value: WordView, _ next: CallMeaning.Next, _ cell: Cell
  ) -> (hasMet: Bool, steps: Int) {
    var bits = SIMD16<UInt32>.zero
    var visible = UInt32.max
    if let index {
      (bits, visible) = relevance.bits(at: index, value)
    } else {
      bits[value.word.index] = value.mask
    }
    var point: [UInt32] = [index.map { UInt32(truncatingIfNeeded: $0) } ?? .max]
    switch next {
    case .question(let position):
      bits |= questions[position]
      point += [0, UInt32(truncatingIfNeeded: position)]
    case .answer(let answer):
      point += [1, answer]
    }
    // What nobody looks at in A must not tell two paths apart.
    let mask = value.mask & visible
    point += [mask == 0 ? 0 : value.word.offset, mask, value.flip & visible]
    cell.describe(bits, into: &point)
    let isNew = size + point.count <= Self.mostNumbers ? seen.insert(point).inserted : true
    if isNew { size += point.count }
    return (!isNew, point.count)
  }
}
