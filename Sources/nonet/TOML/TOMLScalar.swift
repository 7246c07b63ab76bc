/// What may be written as a number, a date or a time (TOML 1.0, "Integer" to "Local Time").
enum TOMLScalar {
  /// Whether a text is any of them.
  static func isSound(_ text: ArraySlice<UInt8>) -> Bool { isNumber(text) || isMoment(text) }

  private static func isNumber(_ text: ArraySlice<UInt8>) -> Bool {
    var rest = text.drop(oneOf: "+-")
    if rest.elementsEqual("inf".utf8) || rest.elementsEqual("nan".utf8) { return true }
    if text.first == UInt8(ascii: "0"), let radix = radix(text.dropFirst().first) {
      return areDigits(text.dropFirst(2), radix)
    }
    let whole = digits(&rest)
    guard areDigits(whole, 10), whole.count == 1 || whole.first != UInt8(ascii: "0") else {
      return false
    }
    if rest.first == UInt8(ascii: ".") {
      rest = rest.dropFirst()
      guard areDigits(digits(&rest), 10) else { return false }
    }
    if rest.first?.lowercased == UInt8(ascii: "e") {
      rest = rest.dropFirst().drop(oneOf: "+-")
      guard areDigits(digits(&rest), 10) else { return false }
    }
    return rest.isEmpty
  }

  private static func radix(_ letter: UInt8?) -> UInt32? {
    switch letter {
    case UInt8(ascii: "x"): 16
    case UInt8(ascii: "o"): 8
    case UInt8(ascii: "b"): 2
    case _: nil
    }
  }

  /// Takes digits and what may stand between them off a text.
  private static func digits(_ rest: inout ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    let digits = rest.prefix { $0.isDigit || $0 == UInt8(ascii: "_") }
    rest = rest.dropFirst(digits.count)
    return digits
  }

  /// Whether a text is digits, with no more than one `_` between any two.
  private static func areDigits(_ text: ArraySlice<UInt8>, _ radix: UInt32) -> Bool {
    var isAfterDigit = false
    for byte in text {
      if byte == UInt8(ascii: "_") {
        if !isAfterDigit { return false }
        isAfterDigit = false
      } else {
        guard let value = byte.hexadecimalValue, value < radix else { return false }
        isAfterDigit = true
      }
    }
    return isAfterDigit
  }

  /// Whether a text is a date, a time, or both with a time zone or without.
  private static func isMoment(_ text: ArraySlice<UInt8>) -> Bool {
    var rest = text
    let hasDate = isDate(rest.prefix(10))
    if hasDate {
      rest = rest.dropFirst(10)
      if rest.isEmpty { return true }
      guard let mark = rest.first, mark.lowercased == UInt8(ascii: "t") || mark == 0x20 else {
        return false
      }
      rest = rest.dropFirst()
    }
    guard let seconds = numbers(rest.prefix(8), "hh:mm:ss"), seconds[2] < 60, isClock(seconds)
    else { return false }
    rest = rest.dropFirst(8)
    if rest.first == UInt8(ascii: ".") {
      let fraction = rest.dropFirst().prefix { $0.isDigit }
      if fraction.isEmpty { return false }
      rest = rest.dropFirst(1 + fraction.count)
    }
    if rest.isEmpty { return true }
    guard hasDate else { return false }
    if rest.count == 1, rest.first?.lowercased == UInt8(ascii: "z") { return true }
    let zone = rest.drop(oneOf: "+-")
    guard zone.count < rest.count, let zone = numbers(zone, "hh:mm") else { return false }
    return isClock(zone)
  }

  private static func isClock(_ numbers: [Int]) -> Bool { numbers[0] < 24 && numbers[1] < 60 }

  /// Whether a text is a day of the calendar.
  static func isDate(_ text: ArraySlice<UInt8>) -> Bool {
    guard let date = numbers(text, "yyyy-mm-dd") else { return false }
    let (year, month, day) = (date[0], date[1], date[2])
    let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    let days = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    return year > 0 && 1...12 ~= month && 1...days[month - 1] ~= day
  }

  /// The numbers that stand where a form has letters.
  ///
  /// - Returns: As many as the form has; nil where the text is not of that form.
  private static func numbers(_ text: ArraySlice<UInt8>, _ form: StaticString) -> [Int]? {
    guard text.count == form.utf8CodeUnitCount else { return nil }
    var numbers = [0]
    for (index, byte) in text.enumerated() {
      let expected = form.utf8Start[index]
      if UInt8(ascii: "a")...UInt8(ascii: "z") ~= expected {
        guard byte.isDigit else { return nil }
        numbers[numbers.count - 1] =
          numbers[numbers.count - 1] * 10 + Int(byte - UInt8(ascii: "0"))
      } else {
        guard byte == expected else { return nil }
        numbers.append(0)
      }
    }
    return numbers
  }
}

extension ArraySlice<UInt8> {
  /// Without its first byte, where that is one of a few.
  fileprivate func drop(oneOf bytes: StaticString) -> ArraySlice<UInt8> {
    for index in 0..<bytes.utf8CodeUnitCount where first == bytes.utf8Start[index] {
      return dropFirst()
    }
    return self
  }
}
