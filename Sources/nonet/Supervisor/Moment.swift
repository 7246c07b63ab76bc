/// A point in time, in microseconds since 1970 (UTC).
struct Moment: Comparable {
  let microseconds: Int64

  /// The present, by CLOCK_REALTIME.
  static var now: Moment { Moment(microseconds: currentMicroseconds()) }

  /// How long it is until this moment, in milliseconds, for poll(2): 0 to 1000.
  func milliseconds(after now: Moment) -> CInt {
    CInt(truncatingIfNeeded: max(0, min((microseconds - now.microseconds + 999) / 1000, 1000)))
  }

  static func < (left: Moment, right: Moment) -> Bool { left.microseconds < right.microseconds }

  /// The fields of the calendar, by the days of 400-year cycles (proleptic Gregorian).
  private var fields: (date: (Int64, Int64, Int64), time: (Int64, Int64, Int64), micro: Int64) {
    let seconds = microseconds / 1_000_000
    let second = seconds % 86400
    // Years begin in March, so that the leap day is the last one.
    let days = seconds / 86400 + 719_468
    let era = days / 146_097
    let ofEra = days % 146_097
    let year = (ofEra - ofEra / 1460 + ofEra / 36524 - ofEra / 146_096) / 365
    let ofYear = ofEra - (365 * year + year / 4 - year / 100)
    let shifted = (5 * ofYear + 2) / 153
    let month = shifted < 10 ? shifted + 3 : shifted - 9
    let day = ofYear - (153 * shifted + 2) / 5 + 1
    let date = (year + era * 400 + (month <= 2 ? 1 : 0), month, day)
    return (date, (second / 3600, second / 60 % 60, second % 60), microseconds % 1_000_000)
  }

  /// RFC 3339 with microseconds; always 27 bytes.
  var text: [UInt8] {
    let fields = fields
    var bytes: [UInt8] = []
    bytes.reserveCapacity(27)
    bytes.append(fields.date.0, digits: 4)
    bytes.append(UInt8(ascii: "-"))
    bytes.append(fields.date.1, digits: 2)
    bytes.append(UInt8(ascii: "-"))
    bytes.append(fields.date.2, digits: 2)
    bytes.append(UInt8(ascii: "T"))
    bytes.append(fields.time.0, digits: 2)
    bytes.append(UInt8(ascii: ":"))
    bytes.append(fields.time.1, digits: 2)
    bytes.append(UInt8(ascii: ":"))
    bytes.append(fields.time.2, digits: 2)
    bytes.append(UInt8(ascii: "."))
    bytes.append(fields.micro, digits: 6)
    bytes.append(UInt8(ascii: "Z"))
    return bytes
  }

  /// The moment as part of a file's name.
  var textForName: [UInt8] { text.filter { $0 != UInt8(ascii: "-") && $0 != UInt8(ascii: ":") } }
}
