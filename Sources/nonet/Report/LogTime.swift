/// A moment in UTC, to the microsecond.
struct LogTime: Comparable {
  /// Microseconds since 1970.
  let microseconds: Int

  init(microseconds: Int) { self.microseconds = microseconds }

  /// Reads `2026-01-31T12:00:00.000000Z` (RFC 3339, UTC, any number of digits behind the point).
  init?(_ text: String) {
    let bytes = Array(text.utf8)
    guard bytes.count >= 20, bytes.count <= 40, bytes.last == UInt8(ascii: "Z") else { return nil }
    func number(_ range: Range<Int>) -> Int? {
      var value = 0
      for byte in bytes[range] {
        guard byte.isDigit else { return nil }
        value = value * 10 + Int(byte - UInt8(ascii: "0"))
      }
      return value
    }
    let separators: [(Int, Unicode.Scalar)] = [(4, "-"), (7, "-"), (10, "T"), (13, ":"), (16, ":")]
    guard separators.allSatisfy({ bytes[$0.0] == UInt8(ascii: $0.1) }),
      let year = number(0..<4), let month = number(5..<7), let day = number(8..<10),
      let hour = number(11..<13), let minute = number(14..<16), let second = number(17..<19),
      (1...12).contains(month), (1...31).contains(day), hour < 24, minute < 60, second <= 60
    else { return nil }
    var micros = 0
    if bytes.count > 20 {
      let fraction = 20..<(bytes.count - 1)
      guard bytes[19] == UInt8(ascii: "."), (1...18).contains(fraction.count),
        number(fraction) != nil, var value = number(fraction.prefix(6))
      else { return nil }
      for _ in fraction.prefix(6).count..<6 { value *= 10 }
      micros = value
    }
    let seconds = Self.days(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second
    microseconds = seconds * 1_000_000 + micros
  }

  static func < (one: LogTime, other: LogTime) -> Bool { one.microseconds < other.microseconds }

  /// The moment for people: `2026-01-31 12:00:00 UTC`.
  var text: String {
    let seconds = Self.floor(microseconds, 1_000_000)
    let day = Self.floor(seconds, 86_400)
    let inDay = seconds - day * 86_400
    let (year, month, date) = Self.date(day)
    let clock = [inDay / 3_600, inDay / 60 % 60, inDay % 60].map(Self.padded).joined(separator: ":")
    return "\(year)-\(Self.padded(month))-\(Self.padded(date)) \(clock) UTC"
  }

  /// How long after another moment, for people: `0.25 s`, `2 min 05 s`, `3 h 07 min`.
  func text(since start: LogTime) -> String { Self.text(microseconds - start.microseconds) }

  /// A number of microseconds for people.
  static func text(_ microseconds: Int) -> String {
    guard microseconds >= 0 else { return "−" + text(-max(microseconds, -Int.max)) }
    let milliseconds = microseconds / 1_000
    let seconds = milliseconds / 1_000
    switch seconds {
    case 0 where milliseconds == 0: return "\(microseconds) µs"
    case 0: return "\(milliseconds) ms"
    case ..<10: return "\(seconds).\(padded(milliseconds / 10 % 100)) s"
    case ..<60: return "\(seconds).\(milliseconds / 100 % 10) s"
    case ..<3_600: return "\(seconds / 60) min \(padded(seconds % 60)) s"
    case _: return "\(seconds / 3_600) h \(padded(seconds / 60 % 60)) min"
    }
  }

  /// A number of microseconds for people, without what is zero: `2 min`, `5 s`.
  static func roundText(_ microseconds: Int) -> String {
    let seconds = microseconds / 1_000_000
    guard seconds > 0, microseconds % 1_000_000 == 0 else { return text(microseconds) }
    if seconds % 3_600 == 0 { return "\(seconds / 3_600) h" }
    if seconds < 3_600, seconds % 60 == 0 { return "\(seconds / 60) min" }
    return seconds < 60 ? "\(seconds) s" : text(microseconds)
  }

  private static func padded(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }

  private static func floor(_ number: Int, _ divisor: Int) -> Int {
    number >= 0 ? number / divisor : -((divisor - 1 - number) / divisor)
  }

  /// Days since 1970 by the Gregorian calendar; years are counted from March, so that the day that
  /// some years have more is the last.
  private static func days(_ year: Int, _ month: Int, _ day: Int) -> Int {
    let shifted = month > 2 ? year : year - 1
    let monthFromMarch = (month + 9) % 12
    let dayOfYear = (153 * monthFromMarch + 2) / 5 + day - 1
    return shifted * 365 + floor(shifted, 4) - floor(shifted, 100) + floor(shifted, 400) + dayOfYear
      - 719_468
  }

  /// The date of a day since 1970; the inverse of `days`.
  private static func date(_ day: Int) -> (year: Int, month: Int, day: Int) {
    let shifted = day + 719_468
    let era = floor(shifted, 146_097)
    let dayOfEra = shifted - era * 146_097
    let yearOfEra =
      (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthFromMarch = (5 * dayOfYear + 2) / 153
    let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
    let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    return (year, month, dayOfYear - (153 * monthFromMarch + 2) / 5 + 1)
  }
}
