/// One classic BPF instruction, restricted to what seccomp accepts.
///
/// The machine has an accumulator A, an index register X and sixteen scratch slots M, all 32 bits
/// wide; A and X start as 0. What a value of this type cannot say, seccomp refuses; what it can
/// say may still be refused in context, which is the `Verifier`'s business.
///
/// Source: bpf_check_classic in net/core/filter.c, seccomp_check_filter in kernel/seccomp.c.
public enum Instruction: Hashable, Sendable {
  /// `A <- source`.
  case load(Source)
  /// `X <- source`.
  case loadIndex(IndexSource)
  /// `M[slot] <- A`.
  case store(Slot)
  /// `M[slot] <- X`.
  case storeIndex(Slot)
  /// `A <- A operation operand`, modulo 2^32.
  case arithmetic(Operation, Operand)
  /// `A <- -A`, modulo 2^32.
  case negate
  /// `X <- A`; BPF calls it TAX.
  case copyToIndex
  /// `A <- X`; BPF calls it TXA.
  case copyFromIndex
  /// Skips that many instructions; BPF has no backward branch.
  case jump(UInt32)
  /// Compares A with the operand and skips `ifTrue` or `ifFalse` instructions.
  case branch(Test, Operand, ifTrue: UInt8, ifFalse: UInt8)
  /// Ends the program with a verdict for the kernel (seccomp(2), "filter return values").
  case `return`(Result)
}

extension Instruction {
  /// Where `load` takes its value from.
  public enum Source: Hashable, Sendable {
    /// A word of the call's data.
    case data(SeccompData.Word)
    /// A constant.
    case immediate(UInt32)
    /// A scratch slot.
    case scratch(Slot)
    /// The size of `struct seccomp_data`, always 64.
    case length
  }

  /// Where `loadIndex` takes its value from; X cannot be loaded from the call's data.
  public enum IndexSource: Hashable, Sendable {
    /// A constant.
    case immediate(UInt32)
    /// A scratch slot.
    case scratch(Slot)
    /// The size of `struct seccomp_data`, always 64.
    case length
  }

  /// The right-hand side of arithmetic and comparisons.
  public enum Operand: Hashable, Sendable {
    /// A constant.
    case constant(UInt32)
    /// The index register X.
    case index
  }

  /// What a program answers.
  public enum Result: Hashable, Sendable {
    /// A constant.
    case constant(UInt32)
    /// The accumulator A.
    case accumulator
  }

  /// The binary operations; the raw values are the operation bits of the code.
  ///
  /// BPF's MOD exists too, but seccomp_check_filter refuses it.
  public enum Operation: UInt16, CaseIterable, Hashable, Sendable {
    /// `A + operand`.
    case add = 0x00
    /// `A - operand`.
    case subtract = 0x10
    /// `A * operand`.
    case multiply = 0x20
    /// `A / operand`, unsigned; dividing by an X of 0 ends the program with 0.
    case divide = 0x30
    /// `A | operand`.
    case or = 0x40
    /// `A & operand`.
    case and = 0x50
    /// `A << operand`; of an X only the low five bits count.
    case shiftLeft = 0x60
    /// `A >> operand`, unsigned; of an X only the low five bits count.
    case shiftRight = 0x70
    /// `A ^ operand`.
    case xor = 0xa0
  }

  /// The comparisons, all unsigned; the raw values are the operation bits of the code.
  public enum Test: UInt16, CaseIterable, Hashable, Sendable {
    /// `A == operand`.
    case equal = 0x10
    /// `A > operand`.
    case greater = 0x20
    /// `A >= operand`.
    case greaterOrEqual = 0x30
    /// `A & operand != 0`.
    case bitsSet = 0x40
  }

  /// One of the sixteen scratch slots (BPF_MEMWORDS).
  public struct Slot: Hashable, Sendable {
    private let number: UInt8

    /// Names a slot.
    ///
    /// - Parameter index: Its position; nil comes back unless it is 0 to 15.
    public init?(_ index: Int) {
      guard let number = UInt8(exactly: index), number < 16 else { return nil }
      self.number = number
    }

    /// The position, 0 to 15.
    public var index: Int { Int(number) }

    /// All sixteen in order.
    public static let all: [Slot] = (0..<16).compactMap { Slot($0) }
  }
}
