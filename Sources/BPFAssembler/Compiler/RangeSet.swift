/// A set of 32-bit values as sorted ranges that neither touch nor overlap.
struct RangeSet: Hashable {
  private(set) var ranges: [ClosedRange<UInt32>]

  static let all = RangeSet(ranges: [0...UInt32.max])
  static let none = RangeSet(ranges: [])

  private init(ranges: [ClosedRange<UInt32>]) {
    self.ranges = ranges
  }

  init(_ range: ClosedRange<UInt32>) {
    ranges = [range]
  }

  /// The set of single values, in any order.
  init(_ values: [UInt32]) {
    ranges = []
    for value in values.sorted() {
      if let last = ranges.last, last.upperBound == .max || value <= last.upperBound + 1 {
        ranges[ranges.count - 1] = last.lowerBound...max(last.upperBound, value)
      } else {
        ranges.append(value...value)
      }
    }
  }

  /// The values that pass a test by the machine; one of bits is passed by those under its bits.
  init(passing test: Instruction.Test, _ constant: UInt32) {
    switch test {
    case .equal: self.init([constant])
    case .greaterOrEqual: self.init(constant...UInt32.max)
    case .greater: self = RangeSet(0...constant).complement
    case .bitsSet: self = RangeSet([0]).complement
    }
  }

  var isEmpty: Bool { ranges.isEmpty }

  /// The only value, where there is just one.
  var onlyValue: UInt32? {
    guard ranges.count == 1, let range = ranges.first, range.count == 1 else { return nil }
    return range.lowerBound
  }

  var complement: RangeSet {
    var gaps: [ClosedRange<UInt32>] = []
    var start: UInt32 = 0
    for range in ranges {
      if range.lowerBound > start { gaps.append(start...range.lowerBound - 1) }
      if range.upperBound == .max { return RangeSet(ranges: gaps) }
      start = range.upperBound + 1
    }
    gaps.append(start...UInt32.max)
    return RangeSet(ranges: gaps)
  }

  func intersection(_ other: RangeSet) -> RangeSet {
    var common: [ClosedRange<UInt32>] = []
    var (own, others) = (ranges[...], other.ranges[...])
    while let left = own.first, let right = others.first {
      let low = max(left.lowerBound, right.lowerBound)
      let high = min(left.upperBound, right.upperBound)
      if low <= high { common.append(low...high) }
      if left.upperBound < right.upperBound { own.removeFirst() } else { others.removeFirst() }
    }
    return RangeSet(ranges: common)
  }

  func contains(_ value: UInt32) -> Bool { ranges.contains { $0.contains(value) } }

  func subtracting(_ other: RangeSet) -> RangeSet { intersection(other.complement) }
}
