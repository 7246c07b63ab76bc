/// The values that one view of a word may still have: sorted, disjoint intervals.
///
/// Both ends count. The lower end of each interval is a value that the view can take, so a set
/// that has an interval is not empty.
struct WordSet {
  /// Numbers from `lowest` to `highest`.
  struct Interval: Hashable {
    var lowest: UInt32
    var highest: UInt32
  }

  /// How a set lies to the range of a test.
  struct Overlap {
    /// Some value of the set is in the range.
    var inside = false
    /// Some value of the set is not.
    var outside = false
  }
}

extension WordView {
  /// The interval without the values at its lower end that this view cannot take, or nil.
  func trimmed(_ interval: WordSet.Interval) -> WordSet.Interval? {
    guard interval.lowest <= interval.highest, let lowest = least(from: interval.lowest),
      lowest <= interval.highest
    else { return nil }
    return WordSet.Interval(lowest: lowest, highest: interval.highest)
  }
}

extension WordTest {
  /// The part of an interval where the test holds, or nil.
  func inside(_ interval: WordSet.Interval) -> WordSet.Interval? {
    view.trimmed(
      WordSet.Interval(
        lowest: max(interval.lowest, lowest), highest: min(interval.highest, highest)))
  }

  /// The part of an interval that lies below all for which the test holds, or nil.
  func below(_ interval: WordSet.Interval) -> WordSet.Interval? {
    guard lowest > 0 else { return nil }
    return view.trimmed(
      WordSet.Interval(
        lowest: interval.lowest, highest: min(interval.highest, lowest &- 1)))
  }

  /// The part of an interval that lies above all for which the test holds, or nil.
  func above(_ interval: WordSet.Interval) -> WordSet.Interval? {
    guard highest < .max else { return nil }
    return view.trimmed(
      WordSet.Interval(
        lowest: max(interval.lowest, highest &+ 1), highest: interval.highest))
  }

  /// How the intervals lie to the range; exact for words that nothing else is known of.
  func overlap(_ intervals: ArraySlice<WordSet.Interval>) -> WordSet.Overlap {
    var overlap = WordSet.Overlap()
    for interval in intervals {
      if !overlap.inside, inside(interval) != nil { overlap.inside = true }
      if !overlap.outside, below(interval) != nil || above(interval) != nil {
        overlap.outside = true
      }
      if overlap.inside, overlap.outside { break }
    }
    return overlap
  }
}
