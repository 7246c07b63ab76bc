/// The characters of strings.
///
/// RFC 8259 lets an escape name half of a surrogate pair, alone, which is no character (section 8.2).
/// Such a text is accepted and kept, but has no bytes: `utf8` is `nil`, so that nobody acts on a
/// command that is not what it was, while `text` shows a replacement character.
extension JSONValue {
  /// The string's bytes in UTF-8; `nil` where it is none, or holds half of a surrogate pair.
  var utf8: [UInt8]? {
    let (bytes, isWhole) = decoded
    return kind == .string && isWhole ? bytes : nil
  }

  /// The string for people; `nil` where this is no string.
  var text: String? {
    kind == .string ? String(decoding: decoded.bytes, as: UTF8.self) : nil
  }

  private var decoded: (bytes: [UInt8], isWhole: Bool) {
    guard kind == .string else { return ([], false) }
    let inner = source.dropFirst().dropLast()
    guard inner.contains(UInt8(ascii: "\\")) else { return (Array(inner), true) }
    var result: [UInt8] = []
    result.reserveCapacity(inner.count)
    var isWhole = true
    var offset = inner.startIndex
    while offset < inner.endIndex {
      let byte = inner[offset]
      guard byte == UInt8(ascii: "\\"), offset + 1 < inner.endIndex else {
        result.append(byte)
        offset += 1
        continue
      }
      let escape = inner[offset + 1]
      guard escape == UInt8(ascii: "u") else {
        result.append(Self.character(of: escape))
        offset += 2
        continue
      }
      var code = Self.unit(inner, at: offset) ?? 0xfffd
      offset += 6
      if 0xd800...0xdbff ~= code, let low = Self.unit(inner, at: offset), 0xdc00...0xdfff ~= low {
        code = 0x1_0000 + (code - 0xd800) << 10 + (low - 0xdc00)
        offset += 6
      }
      if let scalar = Unicode.Scalar(code) {
        result += UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter
      } else {
        result += UTF8.encodedReplacementCharacter
        isWhole = false
      }
    }
    return (result, isWhole)
  }

  /// What the letter after a backslash stands for.
  private static func character(of escape: UInt8) -> UInt8 {
    switch escape {
    case UInt8(ascii: "b"): 0x08
    case UInt8(ascii: "f"): 0x0c
    case UInt8(ascii: "n"): 0x0a
    case UInt8(ascii: "r"): 0x0d
    case UInt8(ascii: "t"): 0x09
    case _: escape
    }
  }

  /// The number in `\uXXXX` at an offset; `nil` where there is no such escape.
  private static func unit(_ bytes: ArraySlice<UInt8>, at offset: Int) -> UInt32? {
    guard offset + 6 <= bytes.endIndex, bytes[offset] == UInt8(ascii: "\\"),
      bytes[offset + 1] == UInt8(ascii: "u")
    else { return nil }
    var code: UInt32 = 0
    for byte in bytes[(offset + 2)..<(offset + 6)] {
      guard let digit = byte.hexadecimalValue else { return nil }
      code = code << 4 | digit
    }
    return code
  }
}
