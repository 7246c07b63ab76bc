/// Moments for people.
extension Timestamp {
  /// The moment for people: `2026-01-31 12:00:00 UTC`.
  var shown: String {
    let fields = fields
    let clock = [fields.hour, fields.minute, fields.second].map(Self.padded)
    return "\(fields.date.year)-\(Self.padded(fields.date.month))-\(Self.padded(fields.date.day)) "
      + clock.joined(separator: ":") + " UTC"
  }

  /// How long after another moment, for people: `0.25 s`, `2 min 05 s`, `3 h 07 min`.
  func shown(since start: Timestamp) -> String { Self.duration(microseconds - start.microseconds) }

  /// A number of microseconds for people.
  static func duration(_ microseconds: Int) -> String {
    guard microseconds >= 0 else { return "−" + duration(-max(microseconds, -Int.max)) }
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
  static func roundDuration(_ microseconds: Int) -> String {
    let seconds = microseconds / 1_000_000
    guard seconds > 0, microseconds % 1_000_000 == 0 else { return duration(microseconds) }
    if seconds % 3_600 == 0 { return "\(seconds / 3_600) h" }
    if seconds < 3_600, seconds % 60 == 0 { return "\(seconds / 60) min" }
    return seconds < 60 ? "\(seconds) s" : duration(microseconds)
  }

  private static func padded(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
