/// A word of assembler text.
enum TextToken: Hashable {
  /// An identifier that may be a mnemonic or a label; mnemonics ignore case, labels do not.
  case word(String)
  /// A number, wrapped to 32 bits when negative.
  case number(UInt32)
  /// `len` or `#len`, the size of the data.
  case length
  /// One of `# % : , [ ] ( ) + * &` and of the registers `a`, `x` and `M`, in lower case.
  case symbol(UInt8)
  /// The end of the text.
  case end
}

/// Splits assembler text into words by the rules of tools/bpf/bpf_exp.l of Linux.
///
/// Line ends are blanks there: an instruction ends where the next begins.
struct TextLexer {
  private let bytes: [UInt8]
  private var position = 0
  private(set) var place = TextError.Place()

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// Reads one token.
  ///
  /// - Returns: The token and the place of its first byte.
  /// - Throws: `TextError` for a byte, number or comment that the dialect does not have.
  mutating func next() throws(TextError) -> (token: TextToken, place: TextError.Place) {
    try skipBlanks()
    let start = place
    guard let byte = peek() else { return (.end, start) }
    switch byte {
    case _ where byte.isWordStart:
      return (try word(at: start), start)
    case _ where byte.isDigit:
      return (.number(try number(isNegative: false, at: start)), start)
    case ascii("-"), ascii("+"):
      // The dialect takes a sign only before a decimal number that does not begin with 0.
      guard let digit = peek(1), digit.isDigit, digit != ascii("0") else { break }
      advance()
      return (.number(try number(isNegative: byte == ascii("-"), at: start)), start)
    case ascii("#"):
      advance()
      if isLength() {
        advance(by: 3)
        return (.length, start)
      }
      return (.symbol(byte), start)
    default:
      break
    }
    guard symbols.contains(byte) else {
      throw TextError(start, "expected an instruction or operand, found \(describe(byte))")
    }
    advance()
    return (.symbol(byte), start)
  }

  private mutating func skipBlanks() throws(TextError) {
    while let byte = peek() {
      if byte == ascii(" ") || byte == ascii("\t") || byte == ascii("\n") {
        advance()
      } else if byte == ascii(";") || (byte == ascii("#") && place.column == 1) {
        while let byte = peek(), byte != ascii("\n") { advance() }
      } else if byte == ascii("/"), peek(1) == ascii("*") {
        try skipComment()
      } else {
        return
      }
    }
  }

  private mutating func skipComment() throws(TextError) {
    let start = place
    advance(by: 2)
    while peek() != ascii("*") || peek(1) != ascii("/") {
      guard peek() != nil else { throw TextError(start, "expected */ to end this comment") }
      advance()
    }
    advance(by: 2)
  }

  private mutating func word(at start: TextError.Place) throws(TextError) -> TextToken {
    var letters: [UInt8] = []
    while let byte = peek(), byte.isWordStart || byte.isDigit {
      letters.append(byte)
      advance()
    }
    if letters.count == 1 {
      let letter = letters[0].lowercased
      guard [ascii("a"), ascii("x"), ascii("m")].contains(letter) else {
        throw TextError(start, "a label needs at least two characters")
      }
      return .symbol(letter)
    }
    if letters.map({ $0.lowercased }) == lengthWord { return .length }
    return .word(String(decoding: letters, as: UTF8.self))
  }

  private func isLength() -> Bool {
    for (offset, letter) in lengthWord.enumerated() where peek(offset)?.lowercased != letter {
      return false
    }
    guard let after = peek(lengthWord.count) else { return true }
    return !after.isWordStart && !after.isDigit
  }

  // 0x..., 0b..., 0 and more octal digits, or decimal. bpf_asm cuts what exceeds 32 bits; here
  // that is an error, for nobody writes it on purpose.
  private mutating func number(
    isNegative: Bool, at start: TextError.Place
  ) throws(TextError) -> UInt32 {
    var radix: UInt8 = 10
    if peek() == ascii("0"), let letter = peek(1)?.lowercased {
      if letter == ascii("x"), peek(2)?.digit(radix: 16) != nil {
        radix = 16
        advance(by: 2)
      } else if letter == ascii("b"), peek(2)?.digit(radix: 2) != nil {
        radix = 2
        advance(by: 2)
      } else {
        radix = 8
      }
    }
    var value: UInt64 = 0
    var fits = true
    while let digit = peek()?.digit(radix: radix) {
      value = value &* UInt64(radix) &+ UInt64(digit)
      fits = fits && value <= (isNegative ? 1 << 31 : UInt64(UInt32.max))
      advance()
    }
    guard fits else { throw TextError(start, "the number does not fit into 32 bits") }
    let bits = UInt32(truncatingIfNeeded: value)
    return isNegative ? 0 &- bits : bits
  }

  private func peek(_ offset: Int = 0) -> UInt8? {
    position + offset < bytes.count ? bytes[position + offset] : nil
  }

  // Only ever called for bytes that `peek` has shown.
  private mutating func advance(by count: Int = 1) {
    for _ in 0..<count {
      guard let byte = peek() else { return }
      place.column += 1
      if byte == ascii("\n") { place = TextError.Place(line: place.line + 1, column: 1) }
      position += 1
    }
  }
}

private let lengthWord: [UInt8] = [ascii("l"), ascii("e"), ascii("n")]
private let symbols = [UInt8]("%:,[]()+*&".utf8)

private func describe(_ byte: UInt8) -> String {
  (33...126).contains(byte)
    ? "'\(Character(Unicode.Scalar(byte)))'" : "the byte 0x\(String(byte, radix: 16))"
}

/// Names a byte by its character.
func ascii(_ scalar: Unicode.Scalar) -> UInt8 { UInt8(truncatingIfNeeded: scalar.value) }

extension UInt8 {
  fileprivate var isDigit: Bool { digit(radix: 10) != nil }

  fileprivate var isWordStart: Bool {
    (ascii("a")...ascii("z")).contains(lowercased) || self == ascii("_")
  }

  /// The byte with an ASCII capital made small.
  var lowercased: UInt8 { (ascii("A")...ascii("Z")).contains(self) ? self + 32 : self }

  fileprivate func digit(radix: UInt8) -> UInt8? {
    let value: UInt8
    switch lowercased {
    case ascii("0")...ascii("9"): value = self - ascii("0")
    case ascii("a")...ascii("f"): value = lowercased - ascii("a") + 10
    default: return nil
    }
    return value < radix ? value : nil
  }
}
