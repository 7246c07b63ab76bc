/// Text that somebody else chose, made safe for a terminal, a line of output and a log.
///
/// Everything that prints such text takes it from here, so what is hidden is one question with one
/// answer (`Unicode.Scalar.isHidden`).
package enum SafeText {
  /// Makes text for a message.
  ///
  /// - Parameters:
  ///   - bytes: Any bytes.
  ///   - keepsLines: Whether newlines and tabs stay, where lines of ours are among them.
  /// - Returns: The text with a '?' for each hidden character, and U+FFFD for what is no UTF-8.
  package static func shown(_ bytes: some Collection<UInt8>, keepsLines: Bool = false) -> String {
    var text = ""
    for scalar in String(decoding: bytes, as: UTF8.self).unicodeScalars {
      let stays = keepsLines && (scalar == "\n" || scalar == "\t")
      text.unicodeScalars.append(scalar.isHidden && !stays ? "?" : scalar)
    }
    return text
  }

  /// The text for a log: each byte of a hidden character, of a backslash and of what is no UTF-8 as
  /// `\xNN`, so that different bytes never look the same.
  package static func escaped(_ bytes: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(bytes.count)
    var index = 0
    while index < bytes.count {
      let length = seenLength(bytes, at: index)
      if length > 0 {
        result.append(contentsOf: bytes[index..<index + length])
        index += length
      } else {
        result.append(UInt8(ascii: "\\"))
        result.append(UInt8(ascii: "x"))
        result.append(digit(bytes[index] >> 4))
        result.append(digit(bytes[index] & 15))
        index += 1
      }
    }
    return result
  }

  private static func digit(_ value: UInt8) -> UInt8 {
    value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
  }

  /// How many bytes a character takes that is seen, or 0 where there is none (RFC 3629, section 4).
  private static func seenLength(_ bytes: [UInt8], at index: Int) -> Int {
    let first = bytes[index]
    if first < 0x80 { return first >= 0x20 && first != 0x7f && first != UInt8(ascii: "\\") ? 1 : 0 }
    let length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2
    guard first >= 0xc2, first <= 0xf4, index + length <= bytes.count else { return 0 }
    var value = UInt32(first) & (0x7f >> UInt32(length))
    for next in bytes[index + 1..<index + length] {
      guard next & 0xc0 == 0x80 else { return 0 }
      value = value << 6 | UInt32(next & 0x3f)
    }
    let least: UInt32 = length == 4 ? 0x1_0000 : length == 3 ? 0x800 : 0x80
    // Overlong forms, surrogates and what is beyond the last plane are no characters.
    guard value >= least, let scalar = Unicode.Scalar(value), !scalar.isHidden else { return 0 }
    return length
  }
}
