import BPFAssembler

/// Turns a program's answer into something that a system call can show.
///
/// A filter's 32 bits never reach the caller whole, but an errno does. So every return becomes a
/// jump to a tail that answers ERRNO with eleven bits of what the program would have returned;
/// which eleven, the high half of the last argument says. A division by 0 kills, as ever.
func visible(_ program: Program) throws(VerifierError) -> Program {
  let count = program.instructions.count
  var result: [Instruction] = []
  var stubs: [Instruction] = []
  for (index, instruction) in program.instructions.enumerated() {
    switch instruction {
    case .return(let value):
      result.append(.jump(UInt32(count + stubs.count - index - 1)))
      // Every stub is two instructions, so the tail is where the stubs end.
      switch value {
      case .constant(let value): stubs.append(.load(.immediate(value)))
      case .accumulator: stubs.append(.arithmetic(.or, .constant(0)))
      }
      stubs.append(.jump(0))
    case .load, .loadIndex, .store, .storeIndex, .arithmetic, .negate, .copyToIndex,
      .copyFromIndex, .jump, .branch:
      result.append(instruction)
    }
  }
  for index in stride(from: 1, to: stubs.count, by: 2) {
    stubs[index] = .jump(UInt32(stubs.count - index - 1))
  }
  let value = Instruction.Slot.all[15]
  result += stubs
  result += [
    .store(value), .load(.data(SeccompData.Argument.arg5.high)), .copyToIndex,
    .load(.scratch(value)), .arithmetic(.shiftRight, .index),
    .arithmetic(.and, .constant(0x7ff)), .arithmetic(.or, .constant(0x0005_0000)),
    .return(.accumulator),
  ]
  return try Program(result)
}

/// The shifts that between them show all 32 bits.
let visibleShifts: [UInt32] = [0, 11, 22]

/// The three calls that show a program's whole answer to one.
func visibleCalls(_ call: SeccompData) -> [SeccompData] {
  visibleShifts.map { shift in
    var call = call
    call[SeccompData.Argument.arg5.high] = shift
    return call
  }
}

/// What the kernel must answer if the interpreter is right about a visible program.
func prediction(_ program: Program, _ call: SeccompData) -> Kernel.Answer {
  let verdict = program.run(call)
  // seccomp(2): 0 is KILL_THREAD, 0x0005 in the high half is ERRNO.
  return verdict == 0 ? .killed : .result(-Int64(verdict & 0xffff))
}

/// What the kernel must answer if a program would have returned `value` without its tail.
func prediction(_ value: UInt32?, _ call: SeccompData) -> Kernel.Answer {
  guard let value else { return .killed }
  return .result(-Int64(value >> call[SeccompData.Argument.arg5.high] & 0x7ff))
}
