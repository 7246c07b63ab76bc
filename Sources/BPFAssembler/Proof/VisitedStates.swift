/// The states that a walk has explored, so that it explores none twice.
///
/// A state is a position in the program and in the policy, with the bits that are known there and still matter.
/// It is noted before it is explored. That is sound: if exploring it finds a difference, the whole proof fails,
/// and no path that relied on it is believed. Where program and policy agree whatever is known, the position
/// alone is enough; the end of a rule is often so.
struct VisitedStates {
  private let relevance: Relevance
  private let questions: [SIMD16<UInt32>]
  private var seen: Set<[UInt32]> = []
  private var places: [[UInt32]: Knowledge] = [:]
  private var size = 0

  // 16 MiB of numbers. Paths that meet later are walked again, which is slower and as right.
  private static let mostNumbers = 4 << 20

  init(_ relevance: Relevance, _ meaning: CallSemantics) {
    self.relevance = relevance
    questions = meaning.relevantBits()
  }

  /// What is known of a place by itself.
  enum Knowledge {
    /// One path was there.
    case visited
    /// Program and meaning agree from there on for all arguments.
    case proven
    /// They do not, or it takes long to see.
    case open
  }

  /// Where a path is, and what it knows there.
  struct Point {
    fileprivate(set) var place: [UInt32]
    fileprivate var bits = SIMD16<UInt32>.zero
  }

  /// What a path that is about to split finds.
  enum Meeting {
    /// Nothing: it must be walked on.
    case none
    /// A path like it, or a place that is proven.
    case met
    /// A path that knew other things. It may be worth while to prove the place by itself.
    case other
  }

  /// Describes where a path is.
  ///
  /// - Parameters:
  ///   - index: The instruction; nil where the program has answered.
  ///   - value: The accumulator, or the answer.
  ///   - next: How far the path has come in the meaning.
  ///   - younger: What the programs that have returned answer together.
  /// - Returns: The place, and which bits matter from there on.
  func point(
    _ index: Int?, _ value: WordView, _ next: CallSemantics.Next, younger: UInt32?
  ) -> Point {
    var bits = SIMD16<UInt32>.zero
    var visible = UInt32.max
    if let index {
      (bits, visible) = relevance.bits(at: index, value)
    } else {
      bits[value.word.index] = value.mask
    }
    var place: [UInt32] = [index.map { UInt32(truncatingIfNeeded: $0) } ?? .max]
    switch next {
    case .question(let position):
      bits |= questions[position]
      place += [0, UInt32(truncatingIfNeeded: position)]
    case .answer(let answer):
      place += [1, answer]
    }
    // Bits of A that are never read must not make two states differ.
    let mask = value.mask & visible
    place += [mask == 0 ? 0 : value.word.offset, mask, value.flip & visible]
    if let younger { place.append(younger) }
    return Point(place: place, bits: bits)
  }

  /// Whether nothing needs to be known there.
  func isProven(_ point: Point) -> Bool {
    if case .proven = places[point.place] { return true }
    return false
  }

  /// Notes a path that is about to split.
  ///
  /// - Parameters:
  ///   - point: Where it is.
  ///   - constraint: What is known.
  /// - Returns: What it finds there, and how much work it was to see that.
  mutating func note(_ point: Point, _ constraint: PathConstraint) -> (meeting: Meeting, steps: Int)
  {
    let place = places[point.place]
    if case .proven = place { return (.met, point.place.count) }
    var text = point.place
    constraint.describe(point.bits, into: &text)
    guard size + text.count <= Self.mostNumbers else { return (.none, text.count) }
    guard seen.insert(text).inserted else { return (.met, text.count) }
    size += text.count
    switch place {
    case nil:
      places[point.place] = .visited
      return (.none, text.count)
    case .visited: return (.other, text.count)
    case .proven, .open: return (.none, text.count)
    }
  }

  /// Notes what came of the attempt to prove a place by itself.
  mutating func settle(_ point: Point, isProven: Bool) {
    places[point.place] = isProven ? .proven : .open
  }
}
