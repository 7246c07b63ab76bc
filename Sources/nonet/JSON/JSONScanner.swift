/// Reads the tokens of a JSON text.
struct JSONScanner: ByteScanner {
  let bytes: [UInt8]
  let acceptsComments: Bool
  var offset = 0

  func error(_ problem: JSONError.Problem) -> JSONError {
    JSONError(problem: problem, offset: offset)
  }

  /// Goes past blanks, and comments where they count as blanks.
  mutating func skipBlanks() throws(JSONError) {
    while let byte = next {
      switch byte {
      case 0x20, 0x09, 0x0a, 0x0d: offset += 1
      case UInt8(ascii: "/") where acceptsComments:
        guard try skipComment() else { return }
      case _: return
      }
    }
  }

  /// - Returns: Whether there was a comment.
  private mutating func skipComment() throws(JSONError) -> Bool {
    switch peek(1) {
    case UInt8(ascii: "/"):
      while let byte = next, byte != 0x0a, byte != 0x0d { offset += 1 }
      return true
    case UInt8(ascii: "*"):
      let start = offset
      offset += 2
      while next != nil {
        if next == UInt8(ascii: "*"), peek(1) == UInt8(ascii: "/") {
          offset += 2
          return true
        }
        offset += 1
      }
      throw JSONError(problem: .unclosedComment, offset: start)
    case _: return false
    }
  }

  /// Goes past a word such as `null`, where it is next.
  mutating func take(word: StaticString) -> Bool {
    for index in 0..<word.utf8CodeUnitCount where peek(index) != word.utf8Start[index] {
      return false
    }
    offset += word.utf8CodeUnitCount
    return true
  }

  /// Goes past a string whose first quotation mark has been passed.
  mutating func skipString() throws(JSONError) {
    let start = offset - 1
    while let byte = next {
      switch byte {
      case UInt8(ascii: "\""):
        offset += 1
        return
      case UInt8(ascii: "\\"):
        offset += 1
        try skipEscape()
      case 0..<0x20: throw error(.controlCharacter)
      case _: offset += 1
      }
    }
    throw JSONError(problem: .unclosedString, offset: start)
  }

  private mutating func skipEscape() throws(JSONError) {
    switch next {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"),
      UInt8(ascii: "f"), UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
      offset += 1
    case UInt8(ascii: "u"):
      offset += 1
      for _ in 0..<4 {
        guard let byte = next, byte.hexadecimalValue != nil else { throw error(.expectedHexDigit) }
        offset += 1
      }
    case _: throw error(.expectedEscape)
    }
  }

  /// Goes past a number, of which nothing has been passed.
  mutating func skipNumber() throws(JSONError) {
    _ = take("-")
    if !take("0") { try skipDigits() }
    if take(".") { try skipDigits() }
    if take("e") || take("E") {
      if !take("+") { _ = take("-") }
      try skipDigits()
    }
  }

  private mutating func skipDigits() throws(JSONError) {
    guard next?.isDigit ?? false else { throw error(.expectedDigit) }
    while next?.isDigit ?? false { offset += 1 }
  }
}
