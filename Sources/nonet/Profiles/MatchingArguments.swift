internal import BPFAssembler

extension Profile.Comparison {
  /// The comparison as the policy has it: of the whole register, or of its half on a 32-bit ABI, where
  /// only the half of the value counts too (measured on libseccomp 2.5.4).
  var condition: Policy.Condition {
    let argument = Policy.Argument.whole(index)
    func number(_ value: UInt64) -> Policy.Value {
      value > UInt32.max ? .register(value) : .number(value)
    }
    let compared = number(value)
    let relation: Policy.Comparison.Relation
    switch test {
    case .notEqual: relation = .notEqual(compared)
    case .less: relation = .less(compared)
    case .lessOrEqual: relation = .lessOrEqual(compared)
    case .equal: relation = .equal(compared)
    case .greaterOrEqual: relation = .greaterOrEqual(compared)
    case .greater: relation = .greater(compared)
    case .masked:
      // Bits outside the mask are not compared, whatever the value has there.
      return .comparison(
        Policy.Comparison(argument, mask: compared, .equal(number(second & value))))
    }
    return .comparison(Policy.Comparison(argument, relation))
  }

  /// Whether a value exists that this and another comparison of the same argument both take.
  ///
  /// - Parameters:
  ///   - other: The other comparison.
  ///   - width: All bits of the argument.
  /// - Returns: `false` where no value is in both.
  func overlaps(_ other: Profile.Comparison, width: UInt64) -> Bool {
    let own = matching(width)
    let theirs = other.matching(width)
    return own.contains { first in theirs.contains { first.overlaps($0) } }
  }

  private func matching(_ width: UInt64) -> [MatchingArguments] {
    let value = value & width
    func range(_ lowest: UInt64, _ highest: UInt64) -> MatchingArguments {
      MatchingArguments(lowest: lowest, highest: highest, mask: 0, bits: 0)
    }
    let below = value == 0 ? [] : [range(0, value - 1)]
    let above = value == width ? [] : [range(value + 1, width)]
    return switch test {
    case .equal: [range(value, value)]
    case .notEqual: below + above
    case .less: below
    case .lessOrEqual: [range(0, value)]
    case .greater: above
    case .greaterOrEqual: [range(value, width)]
    case .masked: [MatchingArguments(lowest: 0, highest: width, mask: value, bits: second & value)]
    }
  }
}

/// The numbers of a range of which some bits are as told.
private struct MatchingArguments {
  let lowest: UInt64
  let highest: UInt64
  let mask: UInt64
  let bits: UInt64

  func overlaps(_ other: MatchingArguments) -> Bool {
    if (bits ^ other.bits) & mask & other.mask != 0 { return false }
    let both = MatchingArguments(
      lowest: max(lowest, other.lowest), highest: min(highest, other.highest),
      mask: mask | other.mask, bits: bits | other.bits)
    guard both.lowest <= both.highest, let least = both.least else { return false }
    return least <= both.highest
  }

  /// The least number from `lowest` up that has the bits.
  private var least: UInt64? {
    let wrong = (lowest ^ bits) & mask
    if wrong == 0 { return lowest }
    let place = UInt64(63 - wrong.leadingZeroBitCount)
    let above = (UInt64.max << place) << 1
    if bits & (1 << place) != 0 { return lowest & above | bits & ~above }
    // The bit must become 0, so a higher one that is free has to become 1.
    let free = ~mask & ~lowest & above
    if free == 0 { return nil }
    let raised = free & (0 &- free)
    return lowest & ~(raised | (raised - 1)) | raised | bits & (raised - 1)
  }
}
