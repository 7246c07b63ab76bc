/// The registers of the machine, each a view of one word of the call.
struct SymbolicRegisters {
  private(set) var a = WordView(constant: 0)
  private var x = WordView(constant: 0)
  // Empty until something is stored, which a compiled policy never does.
  private var scratch: [WordView] = []
}

/// What happens at one instruction.
enum SymbolicStep {
  /// The machine goes on and skips so many instructions.
  case next(skipping: Int)
  /// The test decides which of two numbers of instructions are skipped.
  case branch(WordTest, ifTrue: Int, ifFalse: Int)
  /// The program ends with this value.
  case answer(WordView)
  /// The result is no view of one word.
  case beyond
}

extension SymbolicRegisters {
  /// Executes one instruction on views; written from bpf_convert_filter in net/core/filter.c.
  mutating func execute(_ instruction: Instruction) -> SymbolicStep {
    switch instruction {
    case .load(.data(let word)): a = WordView(word)
    case .load(.immediate(let value)): a = WordView(constant: value)
    case .load(.scratch(let slot)): a = read(slot)
    case .load(.length): a = WordView(constant: SeccompData.size)
    case .loadIndex(.immediate(let value)): x = WordView(constant: value)
    case .loadIndex(.scratch(let slot)): x = read(slot)
    case .loadIndex(.length): x = WordView(constant: SeccompData.size)
    case .store(let slot): write(a, slot)
    case .storeIndex(let slot): write(x, slot)
    case .copyToIndex: x = a
    case .copyFromIndex: a = x
    case .negate:
      guard let value = a.constant else { return .beyond }
      a = WordView(constant: 0 &- value)
    case .arithmetic(let operation, let operand):
      guard let operand = value(of: operand).constant else { return .beyond }
      // A division by an X of 0 ends the program as `ret #0` would.
      if operation == .divide, operand == 0 { return .answer(WordView(constant: 0)) }
      guard let result = a.combined(operation, operand) else { return .beyond }
      a = result
    case .jump(let distance):
      return .next(skipping: Int(distance))
    case .branch(let test, let operand, let ifTrue, let ifFalse):
      guard let constant = value(of: operand).constant else { return .beyond }
      switch WordTest.asking(test, a, constant) {
      case .known(let truth): return .next(skipping: Int(truth ? ifTrue : ifFalse))
      case .open(let test): return .branch(test, ifTrue: Int(ifTrue), ifFalse: Int(ifFalse))
      }
    case .return(.constant(let value)): return .answer(WordView(constant: value))
    case .return(.accumulator): return .answer(a)
    }
    return .next(skipping: 0)
  }

  private func value(of operand: Instruction.Operand) -> WordView {
    switch operand {
    case .constant(let value): WordView(constant: value)
    case .index: x
    }
  }

  // The verifier has proven that a slot is written before it is read.
  private func read(_ slot: Instruction.Slot) -> WordView {
    slot.index < scratch.count ? scratch[slot.index] : WordView(constant: 0)
  }

  private mutating func write(_ value: WordView, _ slot: Instruction.Slot) {
    if scratch.isEmpty { scratch = Array(repeating: WordView(constant: 0), count: 16) }
    scratch[slot.index] = value
  }
}

extension WordView {
  /// The view after one operation with a constant, or nil where the result is no view.
  fileprivate func combined(_ operation: Instruction.Operation, _ operand: UInt32) -> WordView? {
    var result = self
    switch operation {
    case .and:
      result.mask &= operand
      result.flip &= operand
    case .or:
      result.mask &= ~operand
      result.flip |= operand
    case .xor:
      result.flip ^= operand
    case .add, .subtract, .multiply, .divide, .shiftLeft, .shiftRight:
      guard let value = constant else { return nil }
      switch operation {
      case .add: result.flip = value &+ operand
      case .subtract: result.flip = value &- operand
      case .multiply: result.flip = value &* operand
      case .divide: result.flip = operand == 0 ? 0 : value / operand
      case .shiftLeft: result.flip = value &<< operand
      case .shiftRight: result.flip = value &>> operand
      case .and, .or, .xor: return nil
      }
    }
    return result
  }
}
