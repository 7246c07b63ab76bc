extension Program {
  /// How many instructions the kernel makes of the program, which is what it counts of a process's filters.
  ///
  /// Written from bpf_convert_filter in net/core/filter.c: three instructions come first, a return and most
  /// jumps in two directions are two, and a constant with its highest bit set is loaded before it is compared.
  public var translatedCount: Int {
    instructions.reduce(3) { $0 + $1.translatedCount }
  }
}

extension Instruction {
  fileprivate var translatedCount: Int {
    switch self {
    case .return(.constant): return 2
    case .branch(let test, let operand, let ifTrue, let ifFalse):
      var count = 1
      if case .constant(let value) = operand, value >= 1 << 31 { count += 1 }
      let isSingle = ifFalse == 0 || ifTrue == 0 && test != .bitsSet
      return isSingle ? count : count + 1
    // X of 0 ends the program: a test, a jump and two instructions that return.
    case .arithmetic(.divide, .index): return 5
    case .load, .loadIndex, .store, .storeIndex, .arithmetic, .negate, .copyToIndex,
      .copyFromIndex, .jump, .return(.accumulator):
      return 1
    }
  }
}
