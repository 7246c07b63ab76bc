/// The smallest piece of a policy's text that means something.
struct PolicyToken {
  enum Kind: Equatable {
    /// A keyword, a name, `@group` or `arg0:32`.
    case word(String)
    case number(UInt64)
    /// A number behind a `-`.
    case negative(UInt64)
    case symbol(Symbol)
    /// What stands between quotation marks: the name of a file, behind `include` alone.
    case text([UInt8])
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
    case bits = "|"
    case assign = "="
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
    case .negative(let magnitude): "-\(magnitude)"
    case .symbol(let symbol): "'\(symbol.rawValue)'"
    case .text: "a file's name"
    case .end: "the end of the line"
    }
  }
}

/// Cuts one line into tokens.
struct PolicyLexer {
  /// Names are shorter; a longer word is a mistake that need not be repeated in full.
  private static let longestWord = 64

  let line: PolicyLine
  private(set) var position: Int

  init(_ line: PolicyLine) {
    self.line = line
    position = line.bytes.startIndex
  }

  /// The tokens of a line, the last of them `.end`.
  static func tokens(of line: PolicyLine) throws(PolicyDiagnostic) -> [PolicyToken] {
    var lexer = PolicyLexer(line)
    var tokens: [PolicyToken] = []
    repeat { tokens.append(try lexer.next(after: tokens)) } while tokens.last?.kind != .end
    return tokens
  }

  private mutating func next(after tokens: [PolicyToken]) throws(PolicyDiagnostic) -> PolicyToken {
    while let byte = peek(), byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") {
      position += 1
    }
    let start = position
    guard let byte = peek(), byte != UInt8(ascii: "#") else {
      return PolicyToken(kind: .end, span: start..<start)
    }
    if Self.isDigit(byte) {
      return PolicyToken(kind: .number(try number()), span: start..<position)
    }
    if byte == UInt8(ascii: "-"), let next = peek(1), Self.isDigit(next),
      Self.mayBeNegative(after: tokens)
    {
      position += 1
      return PolicyToken(kind: .negative(try number()), span: start..<position)
    }
    if Self.isWord(byte) || byte == UInt8(ascii: "@") { return try word() }
    if byte == UInt8(ascii: "\""), tokens.count == 1, tokens[0].kind == .word("include"),
      let text = quotedName()
    {
      return PolicyToken(kind: .text(text), span: start..<position)
    }
    if byte == UInt8(ascii: "="), tokens.count == 2, tokens[0].kind == .word("let") {
      position += 1
      return PolicyToken(kind: .symbol(.assign), span: start..<position)
    }
    if let symbol = symbol() {
      return PolicyToken(kind: .symbol(symbol), span: start..<position)
    }
    throw elsewhere(after: tokens)
  }

  func peek(_ offset: Int = 0) -> UInt8? {
    let index = position + offset
    return index < line.bytes.endIndex ? line.bytes[index] : nil
  }

  private mutating func word() throws(PolicyDiagnostic) -> PolicyToken {
    let start = position
    let isGroup = peek() == UInt8(ascii: "@")
    position += 1
    while let byte = peek() {
      // Groups of systemd have hyphens in their names.
      let isHyphen = isGroup && byte == UInt8(ascii: "-") && peek(1).map(Self.isWord) == true
      guard Self.isWord(byte) || byte == UInt8(ascii: ":") || isHyphen else { break }
      position += 1
    }
    guard position - start <= Self.longestWord else {
      throw line.diagnostic(
        .error, start..<position, "no name is longer than \(Self.longestWord) bytes")
    }
    let text = String(decoding: line.bytes[start..<position], as: UTF8.self)
    return PolicyToken(kind: .word(text), span: start..<position)
  }

  /// The bytes between two quotation marks; `nil` where the second is missing.
  private mutating func quotedName() -> [UInt8]? {
    let rest = line.bytes[(position + 1)...]
    guard let end = rest.firstIndex(of: UInt8(ascii: "\"")) else { return nil }
    position = end + 1
    return Array(rest[..<end])
  }

  /// Whether a sign and not a subtraction can stand behind these tokens.
  private static func mayBeNegative(after tokens: [PolicyToken]) -> Bool {
    switch tokens.last?.kind {
    case .symbol(.closeParenthesis), .symbol(.closeBrace), .number, .negative, .word("with"), .end,
      nil:
      false
    case .word(let word): NamedConstant(named: word) == nil
    case .symbol, .text: true
    }
  }

  private mutating func number() throws(PolicyDiagnostic) -> UInt64 {
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
    return number
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
    let isDoubled = peek(1) == first
    let symbol: PolicyToken.Symbol
    switch first {
    case UInt8(ascii: ","): symbol = .comma
    case UInt8(ascii: "{"): symbol = .openBrace
    case UInt8(ascii: "}"): symbol = .closeBrace
    case UInt8(ascii: "("): symbol = .openParenthesis
    case UInt8(ascii: ")"): symbol = .closeParenthesis
    case UInt8(ascii: "&") where !isDoubled: symbol = .mask
    case UInt8(ascii: "|") where !isDoubled: symbol = .bits
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
