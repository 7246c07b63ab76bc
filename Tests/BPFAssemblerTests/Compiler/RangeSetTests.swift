import Testing

@testable import BPFAssembler

@Suite struct RangeSetTests {
  /// Values at which ranges can begin and end, and their neighbours.
  private let values: [UInt32] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, .max - 2, .max - 1, .max]

  private func members(_ set: RangeSet) -> [UInt32] { values.filter(set.contains) }

  private func expectNormal(_ set: RangeSet) {
    for (left, right) in zip(set.ranges, set.ranges.dropFirst()) {
      #expect(left.upperBound < right.lowerBound && left.upperBound + 1 < right.lowerBound)
    }
  }

  @Test func singleValuesInAnyOrderMakeRanges() {
    #expect(RangeSet([3, 1, 2, 2, 7]).ranges == [1...3, 7...7])
    #expect(RangeSet([.max, 0, .max - 1, .max]).ranges == [0...0, .max - 1 ... .max])
    #expect(RangeSet([]).isEmpty && RangeSet.none.isEmpty && !RangeSet.all.isEmpty)
    #expect(RangeSet([]) == .none)
  }

  @Test func theOnlyValue() {
    #expect(RangeSet([5]).onlyValue == 5 && RangeSet([5, 5]).onlyValue == 5)
    #expect(RangeSet([.max]).onlyValue == .max && RangeSet(0...0).onlyValue == 0)
    #expect(RangeSet([5, 6]).onlyValue == nil && RangeSet([5, 7]).onlyValue == nil)
    #expect(RangeSet.none.onlyValue == nil && RangeSet.all.onlyValue == nil)
  }

  @Test func complementsAtBothEnds() {
    #expect(RangeSet.all.complement == .none && RangeSet.none.complement == .all)
    #expect(RangeSet([0]).complement.ranges == [1 ... .max])
    #expect(RangeSet([.max]).complement.ranges == [0 ... .max - 1])
    #expect(RangeSet([0, 5, .max]).complement.ranges == [1...4, 6 ... .max - 1])
  }

  @Test func setsAgreeWithTheirMembers() {
    var random = Seeded(33)
    for _ in 0..<500 {
      let left = RangeSet(values.filter { _ in random.once(in: 2) })
      let right = RangeSet(values.filter { _ in random.once(in: 3) }).complement
      for set in [left, right, left.intersection(right), left.subtracting(right)] {
        expectNormal(set)
        #expect(set.complement.complement == set)
      }
      let inBoth = values.filter { left.contains($0) && right.contains($0) }
      #expect(members(left.intersection(right)) == inBoth)
      #expect(left.intersection(right) == right.intersection(left))
      #expect(members(left.subtracting(right)) == members(left).filter { !right.contains($0) })
      #expect(members(left.complement) == values.filter { !left.contains($0) })
    }
  }
}
