/// The four kinds of strings (TOML 1.0, "String").
extension TOMLParser {
  /// Reads a string that begins with a quotation mark, the next byte.
  ///
  /// - Parameters:
  ///   - quote: The mark; escapes are read only between double ones.
  ///   - mayHaveLines: Whether three marks begin a string of several lines.
  /// - Returns: Its characters, in which each end of a line is a newline alone.
  /// - Throws: The first place where it is none.
  mutating func readString(
    _ quote: UInt8, mayHaveLines: Bool
  ) throws(TOMLError) -> [UInt8] {
    let start = offset
    let hasEscapes = quote == UInt8(ascii: "\"")
    let hasLines = mayHaveLines && peek(1) == quote && peek(2) == quote
    offset += hasLines ? 3 : 1
    // The end of the line on which it begins is none of its.
    if hasLines { _ = takeNewline() }
    var text: [UInt8] = []
    while let byte = next {
      if byte == quote {
        let marks = bytes[offset...].prefix(hasLines ? 5 : 1).prefix { $0 == quote }.count
        offset += marks
        // One or two marks are part of such a string, also just before the three that end it.
        let own = hasLines ? (marks < 3 ? marks : marks - 3) : 0
        text += Array(repeating: quote, count: own)
        if !hasLines || marks >= 3 { return text }
      } else if byte == UInt8(ascii: "\\"), hasEscapes {
        if !hasLines || !skipEscapedLines() { text += try readEscape() }
      } else if hasLines, takeNewline() {
        text.append(0x0a)
      } else {
        if byte == 0x0a { break }
        if Self.isControl(byte) { throw error(.controlCharacter) }
        text.append(byte)
        offset += 1
      }
    }
    throw TOMLError(problem: .unclosedString, offset: start)
  }

  /// Goes past a backslash at the end of a line, and all blanks and ends of lines behind it.
  ///
  /// - Returns: Whether there was one.
  private mutating func skipEscapedLines() -> Bool {
    let start = offset
    offset += 1
    skipBlanks()
    guard takeNewline() else {
      offset = start
      return false
    }
    repeat { skipBlanks() } while takeNewline()
    return true
  }

  /// The character that a backslash, the next byte, begins to write.
  private mutating func readEscape() throws(TOMLError) -> [UInt8] {
    let start = offset
    let escape = peek(1)
    offset += 2
    switch escape {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"): return [escape ?? 0]
    case UInt8(ascii: "b"): return [0x08]
    case UInt8(ascii: "t"): return [0x09]
    case UInt8(ascii: "n"): return [0x0a]
    case UInt8(ascii: "f"): return [0x0c]
    case UInt8(ascii: "r"): return [0x0d]
    case UInt8(ascii: "u"), UInt8(ascii: "U"):
      var code: UInt32 = 0
      for _ in 0..<(escape == UInt8(ascii: "u") ? 4 : 8) {
        guard let digit = next?.hexadecimalValue else { throw error(.expectedCharacterNumber) }
        code = code << 4 | digit
        offset += 1
      }
      guard let scalar = Unicode.Scalar(code), let bytes = UTF8.encode(scalar) else {
        throw TOMLError(problem: .expectedCharacterNumber, offset: start)
      }
      return Array(bytes)
    case _: throw TOMLError(problem: .expectedEscape, offset: start)
    }
  }
}
