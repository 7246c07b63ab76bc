extension SeccompData {
  /// One of the six arguments of a system call.
  public enum Argument: UInt8, CaseIterable, Hashable, Sendable {
    /// The first argument, `args[0]`.
    case arg0
    /// The second argument, `args[1]`.
    case arg1
    /// The third argument, `args[2]`.
    case arg2
    /// The fourth argument, `args[3]`.
    case arg3
    /// The fifth argument, `args[4]`.
    case arg4
    /// The sixth argument, `args[5]`.
    case arg5

    /// The word with bits 0 to 31, the whole of an `int`.
    public var low: Word { Word(unchecked: 4 + 2 * rawValue) }

    /// The word with bits 32 to 63.
    public var high: Word { Word(unchecked: 5 + 2 * rawValue) }
  }

  /// One of the sixteen aligned 32-bit words, the only things seccomp lets a filter load.
  ///
  /// Source: seccomp_check_filter in kernel/seccomp.c refuses other offsets.
  public struct Word: Hashable, Sendable, Comparable, CustomStringConvertible {
    private let number: UInt8

    // Callers pass 0...15; every public way in checks or is a constant.
    fileprivate init(unchecked number: UInt8) { self.number = number }

    /// Finds the word that begins at an offset.
    ///
    /// - Parameter offset: Bytes from the start; nil comes back unless a multiple of 4 below 64.
    public init?(offset: UInt32) {
      guard offset < SeccompData.size, offset % 4 == 0 else { return nil }
      number = UInt8(truncatingIfNeeded: offset / 4)
    }

    /// The position among the words, 0 to 15.
    public var index: Int { Int(number) }

    /// The bytes before the word, as `ld` wants them.
    public var offset: UInt32 { UInt32(number) * 4 }

    /// The system call number.
    public static let nr = Word(unchecked: 0)

    /// The audit value of the calling convention.
    public static let arch = Word(unchecked: 1)

    /// Bits 0 to 31 of the instruction pointer.
    public static let instructionPointerLow = Word(unchecked: 2)

    /// Bits 32 to 63 of the instruction pointer.
    public static let instructionPointerHigh = Word(unchecked: 3)

    /// All sixteen, in memory order.
    public static let all: [Word] = (0..<16).map { Word(unchecked: $0) }

    /// Finds bits 0 to 31 of an argument.
    ///
    /// - Parameter argument: The argument's position.
    /// - Returns: The word, or nil unless the position is 0 to 5.
    public static func low(argument: Int) -> Word? {
      UInt8(exactly: argument).flatMap(Argument.init(rawValue:))?.low
    }

    /// Finds bits 32 to 63 of an argument.
    ///
    /// - Parameter argument: The argument's position.
    /// - Returns: The word, or nil unless the position is 0 to 5.
    public static func high(argument: Int) -> Word? {
      UInt8(exactly: argument).flatMap(Argument.init(rawValue:))?.high
    }

    /// Tells which word lies first in memory.
    ///
    /// - Parameters:
    ///   - left: A word.
    ///   - right: Another.
    /// - Returns: Whether `left` lies before `right`.
    public static func < (left: Word, right: Word) -> Bool { left.number < right.number }

    /// The word as a C expression on `struct seccomp_data`.
    public var description: String {
      let half = number % 2 == 0 ? "" : " >> 32"
      switch number {
      case 0: return "nr"
      case 1: return "arch"
      case 2, 3: return "instruction_pointer\(half)"
      default: return "args[\((number - 4) / 2)]\(half)"
      }
    }
  }
}
