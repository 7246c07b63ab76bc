extension Instruction {
  /// The instruction in the dialect of the kernel's assembler, `bpf_asm`.
  ///
  /// A jump names its target `l` and the target's position, counted from 0. Bit patterns are
  /// hexadecimal, quantities decimal.
  ///
  /// Source: tools/bpf/bpf_exp.y and bpf_exp.l of Linux.
  ///
  /// - Parameter index: The position of the instruction in its program.
  /// - Returns: The mnemonic and the operands, on one line without an end.
  public func text(at index: Int) -> String {
    switch self {
    case .load(.data(let word)): "ld [\(word.offset)]"
    case .load(.immediate(let value)): "ld #\(value)"
    case .load(.scratch(let slot)): "ld M[\(slot.index)]"
    case .load(.length): "ld #len"
    case .loadIndex(.immediate(let value)): "ldx #\(value)"
    case .loadIndex(.scratch(let slot)): "ldx M[\(slot.index)]"
    case .loadIndex(.length): "ldx #len"
    case .store(let slot): "st M[\(slot.index)]"
    case .storeIndex(let slot): "stx M[\(slot.index)]"
    case .arithmetic(let operation, .index): "\(operation.mnemonic) x"
    case .arithmetic(let operation, .constant(let value)):
      "\(operation.mnemonic) #\(operation.isBitwise ? hexadecimal(value) : "\(value)")"
    case .negate: "neg"
    case .copyToIndex: "tax"
    case .copyFromIndex: "txa"
    case .jump(let distance): "jmp l\(index + 1 + Int(distance))"
    case .branch(let test, let operand, let ifTrue, let ifFalse):
      "\(test.mnemonic) \(text(of: operand)), "
        + "l\(index + 1 + Int(ifTrue)), l\(index + 1 + Int(ifFalse))"
    case .return(.constant(let value)): "ret #\(hexadecimal(value))"
    case .return(.accumulator): "ret a"
    }
  }

  /// The positions that the instruction can jump to; those that only go on have none.
  ///
  /// - Parameter index: The position of the instruction in its program.
  /// - Returns: No target, the one of a jump, or both of a branch, `ifTrue` first.
  public func targets(at index: Int) -> [Int] {
    switch self {
    case .jump(let distance): [index + 1 + Int(distance)]
    case .branch(_, _, let ifTrue, let ifFalse):
      [index + 1 + Int(ifTrue), index + 1 + Int(ifFalse)]
    case .load, .loadIndex, .store, .storeIndex, .arithmetic, .negate, .copyToIndex,
      .copyFromIndex, .return:
      []
    }
  }

  private func text(of operand: Operand) -> String {
    switch operand {
    case .constant(let value): "#\(hexadecimal(value))"
    case .index: "x"
    }
  }

  private func hexadecimal(_ value: UInt32) -> String { "0x" + String(value, radix: 16) }
}

extension Instruction.Operation {
  /// The name that `bpf_asm` has for the operation.
  public var mnemonic: String {
    switch self {
    case .add: "add"
    case .subtract: "sub"
    case .multiply: "mul"
    case .divide: "div"
    case .or: "or"
    case .and: "and"
    case .shiftLeft: "lsh"
    case .shiftRight: "rsh"
    case .xor: "xor"
    }
  }

  fileprivate var isBitwise: Bool { self == .or || self == .and || self == .xor }
}

extension Instruction.Test {
  /// The name that `bpf_asm` has for the branch.
  public var mnemonic: String {
    switch self {
    case .equal: "jeq"
    case .greater: "jgt"
    case .greaterOrEqual: "jge"
    case .bitsSet: "jset"
    }
  }
}
