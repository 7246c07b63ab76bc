/// Which bits of a call can still make a difference, seen from a place.
///
/// Two paths that meet in a place with the same knowledge of these bits go on alike, and one walk
/// serves both. Without this, n rules that each can fail in two ways would be 2^n paths.
struct Relevance {
  /// For each instruction the bits of A that it or a later one looks at.
  private var accumulator: [UInt32]
  /// For each instruction the bits of each word that it or a later one loads and looks at.
  private var words: [SIMD16<UInt32>]

  /// Reads programs from their end; every jump goes forward, and so does the kernel from one to the next.
  ///
  /// - Parameter flow: The programs; nil comes back where they use X or scratch slots, which
  ///   compiled policies do not.
  init?(_ flow: ChainFlow) {
    let count = flow.instructions.count
    accumulator = Array(repeating: 0, count: count)
    words = Array(repeating: .zero, count: count)
    for index in flow.instructions.indices.reversed() {
      guard add(flow.instructions[index], at: index, following: flow.starts[index]) else {
        return nil
      }
    }
  }

  private mutating func add(
    _ instruction: Instruction, at index: Int, following start: Int?
  ) -> Bool {
    let next = index + 1
    switch instruction {
    case .load(.data(let word)):
      words[index] = words[next]
      words[index][word.index] |= accumulator[next]
    case .load(.immediate), .load(.length):
      words[index] = words[next]
    case .arithmetic(let operation, .constant(let constant)):
      words[index] = words[next]
      accumulator[index] = Self.seen(accumulator[next], through: operation, constant)
    case .negate:
      words[index] = words[next]
      accumulator[index] = accumulator[next] == 0 ? 0 : .max
    case .jump(let distance):
      words[index] = words[next + Int(distance)]
      accumulator[index] = accumulator[next + Int(distance)]
    case .branch(let test, .constant(let constant), let ifTrue, let ifFalse):
      let (yes, no) = (next + Int(ifTrue), next + Int(ifFalse))
      words[index] = words[yes] | words[no]
      accumulator[index] =
        accumulator[yes] | accumulator[no] | (test == .bitsSet ? constant : .max)
    case .return(let result):
      // The next program begins with registers of its own.
      if let start { words[index] = words[start] }
      if result == .accumulator { accumulator[index] = .max }
    case .load(.scratch), .loadIndex, .store, .storeIndex, .copyToIndex, .copyFromIndex,
      .arithmetic(_, .index), .branch(_, .index, _, _):
      return false
    }
    return true
  }

  private static func seen(
    _ bits: UInt32, through operation: Instruction.Operation, _ constant: UInt32
  ) -> UInt32 {
    switch operation {
    case .and: bits & constant
    case .or: bits & ~constant
    case .xor: bits
    case .add, .subtract, .multiply, .divide, .shiftLeft, .shiftRight: bits == 0 ? 0 : .max
    }
  }

  /// The bits that matter from an instruction on, those that A holds included, and A's own.
  func bits(
    at index: Int, _ value: WordView
  ) -> (words: SIMD16<UInt32>, accumulator: UInt32) {
    var bits = words[index]
    bits[value.word.index] |= value.mask & accumulator[index]
    return (bits, accumulator[index])
  }
}

extension CallSemantics {
  /// For each question the bits of each word that it or a later one looks at.
  func relevantBits() -> [SIMD16<UInt32>] {
    var bits: [SIMD16<UInt32>] = []
    bits.reserveCapacity(questions.count)
    // A question leads only to questions that were there before it.
    for question in questions {
      var sum = SIMD16<UInt32>.zero
      sum[question.test.view.word.index] = question.test.view.mask
      for next in [question.ifTrue, question.ifFalse] {
        if case .question(let position) = next { sum |= bits[position] }
      }
      bits.append(sum)
    }
    return bits
  }
}
