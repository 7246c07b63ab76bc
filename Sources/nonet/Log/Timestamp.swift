/// A point in time, in microseconds since 1970 (UTC).
struct Timestamp: Comparable {
  let microseconds: Int

  init(microseconds: Int) { self.microseconds = microseconds }

  static func < (left: Timestamp, right: Timestamp) -> Bool {
    left.microseconds < right.microseconds
  }

  /// This moment and an interval, in microseconds.
  func later(_ interval: Int) -> Timestamp { Timestamp(microseconds: microseconds + interval) }

  /// How long it is until this moment, in milliseconds, for poll(2): 0 to 1000.
  func milliseconds(after now: Timestamp) -> CInt {
    CInt(truncatingIfNeeded: max(0, min((microseconds - now.microseconds + 999) / 1000, 1000)))
  }

  /// The date, and hour, minute and second of the day.
  var fields: (date: Calendar.Date, hour: Int, minute: Int, second: Int) {
    let seconds = Calendar.floor(microseconds, 1_000_000)
    let day = Calendar.floor(seconds, 86_400)
    let second = seconds - day * 86_400
    return (Calendar.date(of: day), second / 3_600, second / 60 % 60, second % 60)
  }
}

/// The form that logs have.
extension Timestamp {
  /// RFC 3339 with microseconds, `2026-01-31T12:00:00.000000Z`; always 27 bytes.
  var text: [UInt8] {
    let fields = fields
    let parts: [(number: Int, digits: Int, end: Unicode.Scalar)] = [
      (fields.date.year, 4, "-"), (fields.date.month, 2, "-"), (fields.date.day, 2, "T"),
      (fields.hour, 2, ":"), (fields.minute, 2, ":"), (fields.second, 2, "."),
      (microseconds - Calendar.floor(microseconds, 1_000_000) * 1_000_000, 6, "Z"),
    ]
    var bytes: [UInt8] = []
    bytes.reserveCapacity(27)
    for part in parts {
      bytes.append(part.number, digits: part.digits)
      bytes.append(UInt8(ascii: part.end))
    }
    return bytes
  }

  /// The moment as part of a file's name.
  var textForName: [UInt8] { text.filter { $0 != UInt8(ascii: "-") && $0 != UInt8(ascii: ":") } }

  /// Reads that form, with any number of digits behind the point or no point.
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
    let days = Calendar.day(of: Calendar.Date(year: year, month: month, day: day))
    let seconds = days * 86_400 + hour * 3_600 + minute * 60 + second
    microseconds = seconds * 1_000_000 + micros
  }
}
