import Testing

@testable import nonet

@Suite struct TimestampTests {
  @Test(arguments: [
    ("1970-01-01T00:00:00Z", 0), ("1970-01-01T00:00:00.000001Z", 1),
    ("1970-01-01T00:00:00.5Z", 500_000), ("1970-01-01T00:00:00.1234567Z", 123_456),
    ("1969-12-31T23:59:59.999999Z", -1), ("2000-02-29T12:34:56.000000Z", 951_827_696_000_000),
    ("2026-11-22T12:00:00.250000Z", 1_795_348_800_250_000),
    ("2100-03-01T00:00:00Z", 4_107_542_400_000_000),
  ])
  func momentsAreRead(text: String, microseconds: Int) throws {
    let time = try #require(Timestamp(text))
    #expect(time.microseconds == microseconds)
    let whole = text.prefix(10) + " " + text.dropFirst(11).prefix(8) + " UTC"
    #expect(time.shown == whole)
  }

  @Test(arguments: [
    "", "now", "2026-11-22", "2026-11-22T12:00:00", "2026-11-22T12:00:00+00:00",
    "2026-13-22T12:00:00Z", "2026-00-22T12:00:00Z",
    "2026-11-32T12:00:00Z", "2026-11-22T24:00:00Z", "2026-11-22T12:60:00Z", "2026-11-22T12:00:61Z",
    "2026-11-22T12:00:00.Z",
    "2026-11-22T12:00:00.12x4Z", "2026-11-22T12:00:00,5Z", "2026-11-22 12:00:00Z",
    "2O26-11-22T12:00:00Z", "+026-11-22T12:00:00Z",
    "2026-11-22T12:00:00.1234567890123456789Z",
    "2026-11-22T12:00:00ZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZ",
  ])
  func whatIsNoMomentIsNotRead(text: String) {
    #expect(Timestamp(text) == nil)
  }

  @Test(arguments: [
    (0, "0 µs", "0 µs"), (999, "999 µs", "999 µs"), (1_000, "1 ms", "1 ms"),
    (999_999, "999 ms", "999 ms"),
    (1_000_000, "1.00 s", "1 s"), (1_500_000, "1.50 s", "1.50 s"), (9_999_999, "9.99 s", "9.99 s"),
    (10_000_000, "10.0 s", "10 s"),
    (60_000_000, "1 min 00 s", "1 min"), (61_000_000, "1 min 01 s", "1 min 01 s"),
    (3_600_000_000, "1 h 00 min", "1 h"),
    (90_000_000_000, "25 h 00 min", "25 h"), (-1_000, "−1 ms", "−1 ms"),
    (Int.min, "−2562047788 h 00 min", "−2562047788 h 00 min"),
  ])
  func durations(microseconds: Int, text: String, round: String) {
    #expect(Timestamp.duration(microseconds) == text)
    #expect(Timestamp.roundDuration(microseconds) == round)
  }
}
