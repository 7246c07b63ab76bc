/// The smallest piece of a policy's text that means something.
struct PolicyToken {
  enum Kind: Equatable {
    /// A keyword, a name, `@group` or `arg0:32`.
    case word(String)
    case number(UInt64)
    case symbol(Symbol)
    /// What follows the last token of a line.
    case end
  }

  enum Symbol: String {
    case comma = ","
    case openBrace = "{"
    case closeBrace = "}"
    case openParenthesis = "("
    case closeParenthesis = ")"
    case mask = "&"
    case equal = "=="
    case notEqual = "!="
    case less = "<"
    case lessOrEqual = "<="
    case greater = ">"
    case greaterOrEqual = ">="
  }

  let kind: Kind
  let span: Range<Int>
}

extension PolicyToken: CustomStringConvertible {
  var description: String {
    switch kind {
    case .word(let word): "'\(word)'"
    case .number(let number): "\(number)"
    case .symbol(let symbol): "'\(symbol.rawValue)'"
    case .end: "the end of the line"
    }
  }
}

/// Cuts one line into tokens.
struct PolicyLexer {
  /// Names are shorter; a longer word is a mistake that need not be repeated in full.
  private static let longestWord = 64

  let line: PolicyLine
  private var position: Int

  init(_ line: PolicyLine) {
    self.line = line
    position = line.bytes.startIndex
  }

  /// The tokens of a line, the last of them `.end`.
  static func tokens(of line: PolicyLine) throws(PolicyDiagnostic) -> [PolicyToken] {
    var lexer = PolicyLexer(line)
    var tokens: [PolicyToken] = []
    repeat { tokens.append(try lexer.next()) } while tokens.last?.kind != .end
    return tokens
  }

  private mutating func next() throws(PolicyDiagnostic) -> PolicyToken {
    while let byte = peek(), byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") {
      position += 1
    }
    let start = position
    guard let byte = peek(), byte != UInt8(ascii: "#") else {
      return PolicyToken(kind: .end, span: start..<start)
    }
    if Self.isDigit(byte) { return try number() }
    if Self.isWord(byte) || byte == UInt8(ascii: "@") { return try word() }
    if let symbol = symbol() {
      return PolicyToken(kind: .symbol(symbol), span: start..<position)
    }
    throw line.diagnostic(.error, start..<start + 1, "this character has no meaning in a policy")
  }

  private func peek(_ offset: Int = 0) -> UInt8? {
    let index = position + offset
    return index < line.bytes.endIndex ? line.bytes[index] : nil
  }

  private mutating func word() throws(PolicyDiagnostic) -> PolicyToken {
    let start = position
    position += 1
    while let byte = peek(), Self.isWord(byte) || byte == UInt8(ascii: ":") { position += 1 }
    guard position - start <= Self.longestWord else {
      throw line.diagnostic(
        .error, start..<position, "no name is longer than \(Self.longestWord) bytes")
    }
    let text = String(decoding: line.bytes[start..<position], as: UTF8.self)
    return PolicyToken(kind: .word(text), span: start..<position)
  }

  private mutating func number() throws(PolicyDiagnostic) -> PolicyToken {
    let start = position
    while let byte = peek(), Self.isWord(byte) { position += 1 }
    var digits = line.bytes[start..<position]
    var radix: UInt64 = 10
    if digits.first == UInt8(ascii: "0"), digits.count > 1 {
      digits.removeFirst()
      radix = 8
      if digits.first == UInt8(ascii: "x") || digits.first == UInt8(ascii: "X") {
        digits.removeFirst()
        radix = 16
      }
    }
    guard let number = Self.value(of: digits, radix: radix) else {
      throw line.diagnostic(
        .error, start..<position,
        "not a number of at most 64 bits: decimal, 0x hexadecimal or 0 octal was expected")
    }
    return PolicyToken(kind: .number(number), span: start..<position)
  }

  private static func value(of digits: ArraySlice<UInt8>, radix: UInt64) -> UInt64? {
    var value: UInt64 = 0
    for byte in digits {
      let digit: UInt64
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = UInt64(byte - UInt8(ascii: "0"))
      case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = UInt64(byte - UInt8(ascii: "a")) + 10
      case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = UInt64(byte - UInt8(ascii: "A")) + 10
      case _: return nil
      }
      let (product, overflows) = value.multipliedReportingOverflow(by: radix)
      let (sum, carries) = product.addingReportingOverflow(digit)
      if digit >= radix || overflows || carries { return nil }
      value = sum
    }
    return digits.isEmpty ? nil : value
  }

  private mutating func symbol() -> PolicyToken.Symbol? {
    guard let first = peek() else { return nil }
    let isFollowedByEqual = peek(1) == UInt8(ascii: "=")
    let symbol: PolicyToken.Symbol
    switch first {
    case UInt8(ascii: ","): symbol = .comma
    case UInt8(ascii: "{"): symbol = .openBrace
    case UInt8(ascii: "}"): symbol = .closeBrace
    case UInt8(ascii: "("): symbol = .openParenthesis
    case UInt8(ascii: ")"): symbol = .closeParenthesis
    case UInt8(ascii: "&"): symbol = .mask
    case UInt8(ascii: "=") where isFollowedByEqual: symbol = .equal
    case UInt8(ascii: "!") where isFollowedByEqual: symbol = .notEqual
    case UInt8(ascii: "<"): symbol = isFollowedByEqual ? .lessOrEqual : .less
    case UInt8(ascii: ">"): symbol = isFollowedByEqual ? .greaterOrEqual : .greater
    case _: return nil
    }
    position += symbol.rawValue.utf8.count
    return symbol
  }

  private static func isDigit(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
  }

  private static func isWord(_ byte: UInt8) -> Bool {
    isDigit(byte) || byte == UInt8(ascii: "_")
      || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
  }
}
