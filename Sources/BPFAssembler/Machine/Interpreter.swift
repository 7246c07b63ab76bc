extension Program {
  /// Runs the program as the kernel would.
  ///
  /// - Parameter data: The system call to judge.
  /// - Returns: The 32 bits that the filter answers.
  public func run(_ data: SeccompData) -> UInt32 {
    run(data) { _ in }
  }

  /// Runs the program as the kernel would and tells which instructions it passes.
  ///
  /// Semantics: bpf_convert_filter in net/core/filter.c. The verifier has proven that the walk
  /// stays inside and comes to a return.
  ///
  /// - Parameters:
  ///   - data: The system call to judge.
  ///   - observe: Called with the position of each instruction before it is executed.
  /// - Returns: The 32 bits that the filter answers.
  public func run(_ data: SeccompData, observe: (Int) -> Void) -> UInt32 {
    var machine = Registers()
    var index = 0
    while true {
      observe(index)
      let instruction = instructions[index]
      index += 1
      switch instruction {
      case .load(let source): machine.a = machine.value(of: source, in: data)
      case .loadIndex(let source): machine.x = machine.value(of: source)
      case .store(let slot): machine.scratch[slot.index] = machine.a
      case .storeIndex(let slot): machine.scratch[slot.index] = machine.x
      case .arithmetic(let operation, let operand):
        guard let result = operation.apply(machine.a, machine.value(of: operand)) else { return 0 }
        machine.a = result
      case .negate: machine.a = 0 &- machine.a
      case .copyToIndex: machine.x = machine.a
      case .copyFromIndex: machine.a = machine.x
      case .jump(let distance): index += Int(distance)
      case .branch(let test, let operand, let ifTrue, let ifFalse):
        index += Int(test.holds(machine.a, machine.value(of: operand)) ? ifTrue : ifFalse)
      case .return(.constant(let value)): return value
      case .return(.accumulator): return machine.a
      }
    }
  }
}

// A, X and M. The kernel clears A and X; no verified program reads M before it writes it.
private struct Registers {
  var a: UInt32 = 0
  var x: UInt32 = 0
  var scratch = SIMD16<UInt32>.zero

  func value(of source: Instruction.Source, in data: SeccompData) -> UInt32 {
    switch source {
    case .data(let word): data[word]
    case .immediate(let value): value
    case .scratch(let slot): scratch[slot.index]
    case .length: SeccompData.size
    }
  }

  func value(of source: Instruction.IndexSource) -> UInt32 {
    switch source {
    case .immediate(let value): value
    case .scratch(let slot): scratch[slot.index]
    case .length: SeccompData.size
    }
  }

  func value(of operand: Instruction.Operand) -> UInt32 {
    switch operand {
    case .constant(let value): value
    case .index: x
    }
  }
}

extension Instruction.Operation {
  /// Computes `a operation operand` as the machine does.
  ///
  /// - Parameters:
  ///   - a: The accumulator.
  ///   - operand: The constant or X.
  /// - Returns: The new accumulator; nil for a division by 0, which ends the program with 0.
  public func apply(_ a: UInt32, _ operand: UInt32) -> UInt32? {
    switch self {
    case .add: a &+ operand
    case .subtract: a &- operand
    case .multiply: a &* operand
    case .divide: operand == 0 ? nil : a / operand
    case .or: a | operand
    case .and: a & operand
    case .shiftLeft: a &<< operand
    case .shiftRight: a &>> operand
    case .xor: a ^ operand
    }
  }
}

extension Instruction.Test {
  /// Compares as the machine does, unsigned.
  ///
  /// - Parameters:
  ///   - a: The accumulator.
  ///   - operand: The constant or X.
  /// - Returns: Whether the branch goes to its `ifTrue` side.
  public func holds(_ a: UInt32, _ operand: UInt32) -> Bool {
    switch self {
    case .equal: a == operand
    case .greater: a > operand
    case .greaterOrEqual: a >= operand
    case .bitsSet: a & operand != 0
    }
  }
}
