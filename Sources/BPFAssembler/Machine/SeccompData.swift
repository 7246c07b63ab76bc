/// What a filter sees of one system call: `struct seccomp_data` on a little-endian machine.
///
/// Source: seccomp(2) and linux/seccomp.h: nr @0, arch @4, instruction_pointer @8, args[6] @16.
public struct SeccompData: Hashable, Sendable {
  // A filter can read aligned 32-bit words and nothing else, so the words are the
  // representation; the 64-bit fields are views of it.
  private var words: SIMD16<UInt32>

  /// The size of the structure in bytes, which is also what `ld #len` loads.
  public static let size: UInt32 = 64

  /// Makes the data of one call.
  ///
  /// - Parameters:
  ///   - nr: The system call number; -1 is `0xffffffff`.
  ///   - arch: The audit value of the calling convention (AUDIT_ARCH_...).
  ///   - instructionPointer: The address of the call.
  ///   - arguments: Up to six arguments; missing ones are 0, further ones are ignored.
  public init(
    nr: UInt32, arch: UInt32, instructionPointer: UInt64 = 0, arguments: [UInt64] = []
  ) {
    words = .zero
    self.nr = nr
    self.arch = arch
    self.instructionPointer = instructionPointer
    for (argument, value) in zip(Argument.allCases, arguments) {
      self[argument] = value
    }
  }

  /// The system call number, `args` aside the only thing most filters ask for.
  public var nr: UInt32 {
    get { self[.nr] }
    set { self[.nr] = newValue }
  }

  /// The audit value that says which table `nr` belongs to.
  public var arch: UInt32 {
    get { self[.arch] }
    set { self[.arch] = newValue }
  }

  /// The address of the instruction that made the call.
  public var instructionPointer: UInt64 {
    get { wide(low: .instructionPointerLow, high: .instructionPointerHigh) }
    set { setWide(newValue, low: .instructionPointerLow, high: .instructionPointerHigh) }
  }

  /// The six arguments as an array, for people and tests.
  public var arguments: [UInt64] { Argument.allCases.map { self[$0] } }

  /// One argument, as wide as the register it came in.
  public subscript(argument: Argument) -> UInt64 {
    get { wide(low: argument.low, high: argument.high) }
    set { setWide(newValue, low: argument.low, high: argument.high) }
  }

  /// One word, which is all that one instruction can load.
  public subscript(word: Word) -> UInt32 {
    get { words[word.index] }
    set { words[word.index] = newValue }
  }

  /// The value that `ld [offset]` finds.
  ///
  /// - Parameter word: The word at that offset.
  /// - Returns: Its 32 bits.
  public func value(of word: Word) -> UInt32 { self[word] }

  private func wide(low: Word, high: Word) -> UInt64 {
    UInt64(self[low]) | UInt64(self[high]) << 32
  }

  private mutating func setWide(_ value: UInt64, low: Word, high: Word) {
    self[low] = UInt32(truncatingIfNeeded: value)
    self[high] = UInt32(truncatingIfNeeded: value >> 32)
  }
}
