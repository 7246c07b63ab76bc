/// Why the kernel would refuse a program (with EINVAL, whatever the reason), and where.
public struct VerifierError: Error, Hashable, Sendable {
  /// The position of the instruction at fault, counted from 0.
  public let index: Int

  /// What is wrong with it.
  public let reason: Reason

  /// Names a fault.
  ///
  /// - Parameters:
  ///   - index: The position of the instruction.
  ///   - reason: The rule that it breaks.
  public init(index: Int, reason: Reason) {
    self.index = index
    self.reason = reason
  }

  /// The rules that a program can break.
  public enum Reason: Hashable, Sendable {
    /// No instructions, or more than 4096; `index` is that of the first one missing or too many.
    case length(Int)
    /// Not one of the instructions that seccomp knows.
    case instruction(Instruction.DecodingError)
    /// A division by the constant 0.
    case divisionByZero
    /// A shift by a constant of 32 or more.
    case shift(UInt32)
    /// A jump that lands after the last instruction.
    case jumpOutside(distance: UInt32)
    /// The last instruction is not a return.
    case missingReturn
    /// A slot is read that some way here leaves unwritten.
    case unwrittenSlot(Instruction.Slot)
  }
}

extension VerifierError: CustomStringConvertible {
  /// A sentence for people.
  public var description: String {
    switch reason {
    case .length(0):
      "a program needs at least one instruction"
    case .length(let count):
      "a program has at most \(Program.mostInstructions) instructions, this one \(count)"
    case .instruction(let error):
      "instruction \(index): \(error.description)"
    case .divisionByZero:
      "instruction \(index) divides by 0"
    case .shift(let count):
      "instruction \(index) shifts by \(count); 31 is the most"
    case .jumpOutside(let distance):
      "instruction \(index) skips \(distance) instructions and leaves the program"
    case .missingReturn:
      "instruction \(index) is the last and must return"
    case .unwrittenSlot(let slot):
      "instruction \(index) reads scratch slot \(slot.index), which is not written on every way"
    }
  }
}
