import Testing

@testable import nonet

@Suite struct ASCIITests {
  private static func number(_ digits: String, _ radix: UInt64 = 10) -> UInt64? {
    UInt64(digits: Array(digits.utf8), radix: radix)
  }

  @Test func numbers() {
    #expect(Self.number("0") == 0 && Self.number("0042") == 42)
    #expect(Self.number("18446744073709551615") == .max)
    #expect(Self.number("ffffffffffffffff", 16) == .max && Self.number("777", 8) == 0o777)
    for wrong in ["", "-1", "+1", " 1", "1 ", "a", "18446744073709551616", "99999999999999999999"] {
      #expect(Self.number(wrong) == nil, "\(wrong)")
    }
    #expect(Self.number("8", 8) == nil && Self.number("10000000000000000", 16) == nil)
  }
}
