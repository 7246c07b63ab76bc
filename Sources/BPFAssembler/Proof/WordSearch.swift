/// Finds a word that several views of it allow, exactly.
///
/// The word is written bit by bit from the top. After each bit a view's value lies in a known
/// range: if its set misses the range the bits are wrong, if its set holds all of the range the
/// view has no more to say. What is left over is tried both ways; a state that failed once is
/// remembered by the bits that the undecided views see.
struct WordSearch {
  /// A view and where its intervals are.
  struct Group {
    var view: WordView
    var first: Int
    var count: Int
  }

  /// A choice of upper bits that cannot be completed.
  private struct Failure: Hashable {
    let level: Int
    let undecided: UInt64
    let bits: UInt32
  }

  /// More views of one word than this are not looked at together; `undecided` has a bit for each.
  static let mostGroups = 64
  // Most searches end within a few steps down, and remembering costs more than they do.
  private static let forgottenSteps = 128

  private(set) var steps = 0
  private let groups: [Group]
  private let intervals: [WordSet.Interval]
  private let limit: Int
  private var failures: Set<Failure> = []

  /// Prepares a search.
  ///
  /// - Parameters:
  ///   - groups: At most `mostGroups` views of one word.
  ///   - intervals: What their sets are made of.
  ///   - limit: After that many steps the search gives up.
  init(_ groups: [Group], _ intervals: [WordSet.Interval], limit: Int) {
    self.groups = groups
    self.intervals = intervals
    self.limit = limit
  }

  /// Whether the search gave up, so that no result means nothing.
  var isExhausted: Bool { steps > limit }

  /// A word that all sets allow, or nil.
  mutating func run() -> UInt32? {
    let all = groups.count >= 64 ? UInt64.max : 1 &<< UInt64(groups.count) &- 1
    return complete(0, openBits: 32, all)
  }

  /// Completes a word whose lowest `openBits` bits are still to be chosen.
  private mutating func complete(_ bits: UInt32, openBits: Int, _ candidates: UInt64) -> UInt32? {
    steps += candidates.nonzeroBitCount
    if isExhausted { return nil }
    let open = openBits == 32 ? UInt32.max : 1 &<< UInt32(openBits) &- 1
    var undecided: UInt64 = 0
    var seen: UInt32 = 0
    for (index, group) in groups.enumerated() where candidates & 1 &<< UInt64(index) != 0 {
      let lowest = (bits & group.view.mask ^ group.view.flip) & ~(open & group.view.mask)
      let highest = lowest | open & group.view.mask
      switch overlap(group, lowest, highest) {
      case .none: return nil
      case .all: break
      case .some:
        undecided |= 1 &<< UInt64(index)
        seen |= group.view.mask
      }
    }
    if undecided == 0 { return bits }
    let failure = Failure(level: openBits, undecided: undecided, bits: bits & seen)
    let remembers = steps > Self.forgottenSteps
    if remembers, failures.contains(failure) { return nil }
    // A bit that no view sees may be anything.
    let rest = seen & open
    let next = 31 - rest.leadingZeroBitCount
    guard next >= 0 else { return nil }
    // Most views of one word are flags that must not all be 0; ones satisfy them soonest.
    if let word = complete(bits | 1 &<< UInt32(next), openBits: next, undecided) { return word }
    if let word = complete(bits, openBits: next, undecided) { return word }
    if remembers { failures.insert(failure) }
    return nil
  }

  private enum Part {
    case none
    case some
    case all
  }

  private func overlap(_ group: Group, _ lowest: UInt32, _ highest: UInt32) -> Part {
    var low = group.first
    var high = group.first + group.count
    while low < high {
      let middle = low + (high - low) / 2
      if intervals[middle].highest < lowest { low = middle + 1 } else { high = middle }
    }
    guard low < group.first + group.count, intervals[low].lowest <= highest else { return .none }
    let isAll = intervals[low].lowest <= lowest && intervals[low].highest >= highest
    return isAll ? .all : .some
  }
}
