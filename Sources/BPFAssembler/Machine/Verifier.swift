/// The kernel's own rules for a seccomp program, neither stricter nor looser.
///
/// Unreachable code is checked like any other, and fields that a code leaves unused may hold
/// anything: what passes here is what `seccomp(2)` installs. `Program` asks for more.
///
/// Source: bpf_check_classic and check_load_and_stores in net/core/filter.c, then
/// seccomp_check_filter in kernel/seccomp.c. All of them answer EINVAL.
public enum Verifier {
  /// Checks a program.
  ///
  /// - Parameter program: The instructions, encoded.
  /// - Throws: `VerifierError` for the first instruction that breaks a rule; scratch slots are
  ///   looked at last, as the kernel does.
  public static func check(_ program: [RawInstruction]) throws(VerifierError) {
    guard (1...Program.mostInstructions).contains(program.count) else {
      throw VerifierError(
        index: min(program.count, Program.mostInstructions), reason: .length(program.count))
    }
    var instructions: [Instruction] = []
    instructions.reserveCapacity(program.count)
    for (index, raw) in program.enumerated() {
      do throws(Instruction.DecodingError) {
        instructions.append(try Instruction(ignoringUnusedFieldsOf: raw))
      } catch {
        throw VerifierError(index: index, reason: .instruction(error))
      }
    }
    try check(instructions)
  }

  /// Checks a program that is already decoded.
  ///
  /// - Parameter program: The instructions.
  /// - Throws: `VerifierError`, but never `.instruction`: that much the type has proven.
  public static func check(_ program: [Instruction]) throws(VerifierError) {
    guard (1...Program.mostInstructions).contains(program.count) else {
      throw VerifierError(
        index: min(program.count, Program.mostInstructions), reason: .length(program.count))
    }
    for (index, instruction) in program.enumerated() {
      if let reason = fault(of: instruction, followedBy: program.count - index - 1) {
        throw VerifierError(index: index, reason: reason)
      }
    }
    guard case .return = program[program.count - 1] else {
      throw VerifierError(index: program.count - 1, reason: .missingReturn)
    }
    try checkSlots(program)
  }

  // The rules that need no more context than the number of instructions that follow.
  private static func fault(
    of instruction: Instruction, followedBy rest: Int
  ) -> VerifierError.Reason? {
    switch instruction {
    case .arithmetic(.divide, .constant(0)):
      .divisionByZero
    case .arithmetic(.shiftLeft, .constant(let count)) where count >= 32,
      .arithmetic(.shiftRight, .constant(let count)) where count >= 32:
      .shift(count)
    case .jump(let distance) where distance >= rest:
      .jumpOutside(distance: distance)
    case .branch(_, _, let ifTrue, let ifFalse) where max(ifTrue, ifFalse) >= rest:
      .jumpOutside(distance: UInt32(max(ifTrue, ifFalse)))
    case .load, .loadIndex, .store, .storeIndex, .arithmetic, .negate, .copyToIndex,
      .copyFromIndex, .jump, .branch, .return:
      nil
    }
  }

  // Every jump goes forward, so one pass sees all the ways to an instruction before it comes to
  // it. Bit n of a mask: slot n is written on every way seen so far. Unreachable code starts
  // with all bits: nothing can go wrong on no way at all. As in check_load_and_stores a return
  // counts as if it went on to the next instruction; that refuses a little more than it must.
  private static func checkSlots(_ program: [Instruction]) throws(VerifierError) {
    var arriving = [UInt16](repeating: .max, count: program.count)
    var written: UInt16 = 0
    for (index, instruction) in program.enumerated() {
      written &= arriving[index]
      switch instruction {
      case .store(let slot), .storeIndex(let slot):
        written |= 1 << UInt16(slot.index)
      case .load(.scratch(let slot)), .loadIndex(.scratch(let slot)):
        guard written & 1 << UInt16(slot.index) != 0 else {
          throw VerifierError(index: index, reason: .unwrittenSlot(slot))
        }
      case .jump(let distance):
        arriving[index + 1 + Int(distance)] &= written
        written = .max
      case .branch(_, _, let ifTrue, let ifFalse):
        arriving[index + 1 + Int(ifTrue)] &= written
        arriving[index + 1 + Int(ifFalse)] &= written
        written = .max
      case .load, .loadIndex, .arithmetic, .negate, .copyToIndex, .copyFromIndex, .return:
        break
      }
    }
  }
}
