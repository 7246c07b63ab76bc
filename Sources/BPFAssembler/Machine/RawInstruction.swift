/// One `struct sock_filter` as the kernel receives it: any eight bytes, valid or not.
///
/// Source: `struct sock_filter` in linux/filter.h.
public struct RawInstruction: Hashable, Sendable {
  /// The class, mode, operation and operand source of the instruction.
  public var code: UInt16

  /// The instructions a conditional jump skips when its test holds.
  public var jt: UInt8

  /// The instructions a conditional jump skips when its test fails.
  public var jf: UInt8

  /// The constant, offset, slot or jump distance, by `code`.
  public var k: UInt32

  /// The size in bytes of one encoded instruction.
  public static let size = 8

  /// Makes an instruction from its four fields, whatever they say.
  ///
  /// - Parameters:
  ///   - code: The operation code.
  ///   - jt: The distance of the jump when true.
  ///   - jf: The distance of the jump when false.
  ///   - k: The generic 32-bit field.
  public init(code: UInt16, jt: UInt8 = 0, jf: UInt8 = 0, k: UInt32 = 0) {
    self.code = code
    self.jt = jt
    self.jf = jf
    self.k = k
  }
}

extension RawInstruction {
  /// The eight bytes of the instruction on a little-endian machine.
  ///
  /// Every `Architecture` is little-endian, so the bytes do not depend on the host.
  public var bytes: [UInt8] {
    var bytes: [UInt8] = []
    append(to: &bytes)
    return bytes
  }

  /// Appends `bytes` without making an array of them.
  func append(to bytes: inout [UInt8]) {
    bytes.append(UInt8(truncatingIfNeeded: code))
    bytes.append(UInt8(truncatingIfNeeded: code >> 8))
    bytes.append(jt)
    bytes.append(jf)
    for shift in stride(from: 0, to: 32, by: 8) {
      bytes.append(UInt8(truncatingIfNeeded: k >> shift))
    }
  }

  /// Bytes that end inside an instruction.
  public struct PartialInstruction: Error, Hashable, Sendable, CustomStringConvertible {
    /// The offset of the first byte of the incomplete instruction.
    public let offset: Int

    /// The number of bytes, 1 to 7, that are there.
    public let count: Int

    /// Names a place.
    ///
    /// - Parameters:
    ///   - offset: Where the instruction begins.
    ///   - count: How many bytes of it there are.
    public init(offset: Int, count: Int) {
      self.offset = offset
      self.count = count
    }

    /// A sentence for people.
    public var description: String {
      "the instruction at byte \(offset) has \(count) bytes; each instruction takes 8"
    }
  }

  /// Reads a sequence of little-endian instructions; the inverse of `bytes`.
  ///
  /// - Parameter bytes: Whole instructions, eight bytes each; none at all is an empty array.
  /// - Returns: The instructions, not verified.
  /// - Throws: `PartialInstruction` when the length is no multiple of eight.
  public static func decode(
    _ bytes: [UInt8]
  ) throws(PartialInstruction) -> [RawInstruction] {
    let rest = bytes.count % size
    guard rest == 0 else {
      throw PartialInstruction(offset: bytes.count - rest, count: rest)
    }
    var result: [RawInstruction] = []
    result.reserveCapacity(bytes.count / size)
    for start in stride(from: 0, to: bytes.count, by: size) {
      result.append(
        RawInstruction(
          code: UInt16(bytes[start]) | UInt16(bytes[start + 1]) << 8,
          jt: bytes[start + 2],
          jf: bytes[start + 3],
          k: UInt32(bytes[start + 4]) | UInt32(bytes[start + 5]) << 8
            | UInt32(bytes[start + 6]) << 16 | UInt32(bytes[start + 7]) << 24))
    }
    return result
  }
}
