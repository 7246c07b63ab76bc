extension Instruction {
  /// Why eight bytes are no instruction of this machine.
  public enum DecodingError: Error, Hashable, Sendable {
    /// None of the 41 operation codes that seccomp accepts.
    case unknownCode(UInt16)
    /// A scratch slot beyond the sixteen.
    case noSuchSlot(UInt32)
    /// A load that is not of one aligned word of `struct seccomp_data`.
    case unreadableOffset(UInt32)
    /// A field that the code leaves unused is not 0.
    case unusedFieldNotZero(RawInstruction)
  }

  /// Decodes exactly: whatever decodes encodes to the same eight bytes.
  ///
  /// - Parameter raw: The encoded instruction.
  /// - Throws: `DecodingError` for everything else, including encodings that the kernel takes
  ///   although an unused field is not 0.
  public init(_ raw: RawInstruction) throws(DecodingError) {
    self = try Self(ignoringUnusedFieldsOf: raw)
    guard self.raw == raw else { throw .unusedFieldNotZero(raw) }
  }

  /// Decodes as the kernel does, which never looks at the fields a code leaves unused.
  ///
  /// - Parameter raw: The encoded instruction.
  /// - Throws: `DecodingError`, but never `unusedFieldNotZero`.
  public init(ignoringUnusedFieldsOf raw: RawInstruction) throws(DecodingError) {
    switch raw.code {
    case 0x00: self = .load(.immediate(raw.k))
    case 0x20: self = .load(.data(try Self.word(raw.k)))
    case 0x60: self = .load(.scratch(try Self.slot(raw.k)))
    case 0x80: self = .load(.length)
    case 0x01: self = .loadIndex(.immediate(raw.k))
    case 0x61: self = .loadIndex(.scratch(try Self.slot(raw.k)))
    case 0x81: self = .loadIndex(.length)
    case 0x02: self = .store(try Self.slot(raw.k))
    case 0x03: self = .storeIndex(try Self.slot(raw.k))
    case 0x84: self = .negate
    case 0x07: self = .copyToIndex
    case 0x87: self = .copyFromIndex
    case 0x05: self = .jump(raw.k)
    case 0x06: self = .return(.constant(raw.k))
    case 0x16: self = .return(.accumulator)
    default: self = try Self.binary(raw)
    }
  }

  /// The canonical encoding: every field that the code leaves unused is 0.
  public var raw: RawInstruction {
    switch self {
    case .load(.immediate(let k)): RawInstruction(code: 0x00, k: k)
    case .load(.data(let word)): RawInstruction(code: 0x20, k: word.offset)
    case .load(.scratch(let slot)): RawInstruction(code: 0x60, k: UInt32(slot.index))
    case .load(.length): RawInstruction(code: 0x80)
    case .loadIndex(.immediate(let k)): RawInstruction(code: 0x01, k: k)
    case .loadIndex(.scratch(let slot)): RawInstruction(code: 0x61, k: UInt32(slot.index))
    case .loadIndex(.length): RawInstruction(code: 0x81)
    case .store(let slot): RawInstruction(code: 0x02, k: UInt32(slot.index))
    case .storeIndex(let slot): RawInstruction(code: 0x03, k: UInt32(slot.index))
    case .arithmetic(let operation, .constant(let k)):
      RawInstruction(code: 0x04 | operation.rawValue, k: k)
    case .arithmetic(let operation, .index):
      RawInstruction(code: 0x0c | operation.rawValue)
    case .negate: RawInstruction(code: 0x84)
    case .copyToIndex: RawInstruction(code: 0x07)
    case .copyFromIndex: RawInstruction(code: 0x87)
    case .jump(let distance): RawInstruction(code: 0x05, k: distance)
    case .branch(let test, .constant(let k), let ifTrue, let ifFalse):
      RawInstruction(code: 0x05 | test.rawValue, jt: ifTrue, jf: ifFalse, k: k)
    case .branch(let test, .index, let ifTrue, let ifFalse):
      RawInstruction(code: 0x0d | test.rawValue, jt: ifTrue, jf: ifFalse)
    case .return(.constant(let k)): RawInstruction(code: 0x06, k: k)
    case .return(.accumulator): RawInstruction(code: 0x16)
    }
  }

  // Arithmetic (class 4) and branches (class 5) spell operation and operand in separate bits:
  // 0xf0 the operation, 0x08 the operand. All other bits belong to the class.
  private static func binary(_ raw: RawInstruction) throws(DecodingError) -> Instruction {
    let operand: Operand = raw.code & 0x08 == 0 ? .constant(raw.k) : .index
    let kind = raw.code & ~0xf8
    if kind == 0x04, let operation = Operation(rawValue: raw.code & 0xf0) {
      return .arithmetic(operation, operand)
    }
    if kind == 0x05, let test = Test(rawValue: raw.code & 0xf0) {
      return .branch(test, operand, ifTrue: raw.jt, ifFalse: raw.jf)
    }
    throw .unknownCode(raw.code)
  }

  private static func slot(_ k: UInt32) throws(DecodingError) -> Slot {
    guard let slot = Slot(Int(truncatingIfNeeded: k)) else { throw .noSuchSlot(k) }
    return slot
  }

  private static func word(_ k: UInt32) throws(DecodingError) -> SeccompData.Word {
    guard let word = SeccompData.Word(offset: k) else { throw .unreadableOffset(k) }
    return word
  }
}

extension Instruction.DecodingError: CustomStringConvertible {
  /// A sentence for people.
  public var description: String {
    switch self {
    case .unknownCode(let code):
      "seccomp does not accept the operation code 0x\(String(code, radix: 16))"
    case .noSuchSlot(let slot):
      "there is no scratch slot \(slot); they are 0 to 15"
    case .unreadableOffset(let offset):
      "a load at offset \(offset) is refused; offsets are 0, 4, ... 60"
    case .unusedFieldNotZero(let raw):
      "the code 0x\(String(raw.code, radix: 16)) leaves a field unused that is not 0: "
        + "jt \(raw.jt), jf \(raw.jf), k 0x\(String(raw.k, radix: 16))"
    }
  }
}
