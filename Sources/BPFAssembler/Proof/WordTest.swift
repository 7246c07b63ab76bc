/// What one word of a call contributes to a value: `(word & mask) ^ flip`.
///
/// The form is closed under AND, OR and XOR with constants, and a constant is the case of an
/// empty mask, so it says all that a policy's program can compute.
struct WordView: Hashable {
  var word = SeccompData.Word.nr
  /// The bits that come from the word.
  var mask: UInt32
  /// The bits that are turned over after that; outside the mask they are the value's own.
  var flip: UInt32 = 0

  /// A word as it is.
  init(_ word: SeccompData.Word) {
    self.word = word
    mask = .max
  }

  /// Some bits of a word.
  init(_ word: SeccompData.Word, mask: UInt32) {
    self.word = word
    self.mask = mask
  }

  /// A value that depends on no word.
  init(constant: UInt32) {
    mask = 0
    flip = constant
  }

  /// The value where it depends on no word.
  var constant: UInt32? { mask == 0 ? flip : nil }

  /// The least value of this form that is at least `bound`, or nil.
  ///
  /// Bits outside the mask are fixed. Where `bound` has a wrong one, the value must exceed it at
  /// that bit, or, if that bit must be 0, at the next higher bit that is free and 0.
  func least(from bound: UInt32) -> UInt32? {
    let fixed = flip & ~mask
    let wrong = (bound ^ fixed) & ~mask
    if wrong == 0 { return bound }
    let place = 31 - wrong.leadingZeroBitCount
    let above = (UInt32.max &<< UInt32(place)) &<< 1
    if fixed & 1 &<< UInt32(place) != 0 {
      return bound & above | fixed & ~above
    }
    let free = mask & ~bound & above
    if place == 31 || free == 0 { return nil }
    let raised = free & (0 &- free)
    // Below the raised bit everything is as small as it can be.
    let kept = ~(raised &<< 1 &- 1)
    return bound & kept | raised | fixed & (raised &- 1)
  }
}

/// A question about one word: whether `(word & mask) ^ flip` lies between two numbers.
///
/// Every comparison of the machine with a constant and every comparison of a policy is made of
/// such questions.
struct WordTest: Hashable {
  let view: WordView
  let lowest: UInt32
  let highest: UInt32

  init(_ view: WordView, in range: ClosedRange<UInt32>) {
    self.view = view
    lowest = range.lowerBound
    highest = range.upperBound
  }

  /// Asks what a conditional jump asks, or tells its answer where no word matters.
  ///
  /// - Parameters:
  ///   - test: The comparison of the instruction.
  ///   - value: The accumulator.
  ///   - constant: The operand.
  /// - Returns: The question, or its answer.
  static func asking(
    _ test: Instruction.Test, _ value: WordView, _ constant: UInt32
  ) -> Settled {
    switch test {
    case .equal:
      return .open(WordTest(value, in: constant...constant))
    case .greaterOrEqual:
      return .open(WordTest(value, in: constant...UInt32.max))
    case .greater:
      if constant == .max { return .known(false) }
      return .open(WordTest(value, in: constant &+ 1...UInt32.max))
    case .bitsSet:
      var bits = value
      bits.mask &= constant
      bits.flip &= constant
      return .open(WordTest(bits, in: 1...UInt32.max))
    }
  }

  /// What `asking` comes to.
  enum Settled {
    case known(Bool)
    case open(WordTest)
  }
}
