/// Terms of SMT-LIB's bit vectors, as text.
enum SMTTerm {
  /// 32 bits, such as `#x7fff0000`.
  static func word(_ value: UInt32) -> String { hexadecimal(UInt64(value), digits: 8) }

  /// 64 bits.
  static func wide(_ value: UInt64) -> String { hexadecimal(value, digits: 16) }

  private static func hexadecimal(_ value: UInt64, digits: Int) -> String {
    let text = String(value, radix: 16)
    return "#x" + String(repeating: "0", count: Swift.max(0, digits - text.utf8.count)) + text
  }

  /// A definition of 32 bits.
  static func define(_ name: String, _ term: String) -> String {
    "(define-fun \(name) () (_ BitVec 32) \(term))"
  }

  /// A definition of a truth value.
  static func defineTruth(_ name: String, _ term: String) -> String {
    "(define-fun \(name) () Bool \(term))"
  }

  /// True where all parts are.
  static func all(_ parts: [String]) -> String { joined("and", parts, none: "true") }

  /// True where any part is.
  static func any(_ parts: [String]) -> String { joined("or", parts, none: "false") }

  // `and` and `or` of SMT-LIB take two terms at least.
  private static func joined(_ word: String, _ parts: [String], none: String) -> String {
    switch parts.count {
    case 0: none
    case 1: parts[0]
    case _: "(\(word) \(parts.joined(separator: " ")))"
    }
  }
}
