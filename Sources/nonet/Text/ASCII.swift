// Letters and digits of ASCII, without the tables of Unicode.

extension UInt8 {
  /// Whether the byte is one of `0` to `9`.
  var isDigit: Bool { UInt8(ascii: "0")...UInt8(ascii: "9") ~= self }

  /// Whether the byte is a letter or a digit.
  var isAlphanumeric: Bool {
    isDigit || UInt8(ascii: "a")...UInt8(ascii: "z") ~= lowercased
  }

  /// A capital letter's small one; any other byte is itself.
  var lowercased: UInt8 { UInt8(ascii: "A")...UInt8(ascii: "Z") ~= self ? self | 0x20 : self }

  /// What a hexadecimal digit stands for; `nil` for any other byte.
  var hexadecimalValue: UInt32? {
    switch self {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(self - UInt8(ascii: "0"))
    case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt32(self - UInt8(ascii: "a") + 10)
    case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt32(self - UInt8(ascii: "A") + 10)
    case _: nil
    }
  }

  /// The byte as two hexadecimal digits, small ones.
  var hexadecimal: [UInt8] {
    [self >> 4, self & 15].map {
      $0 < 10 ? UInt8(ascii: "0") + $0 : UInt8(ascii: "a") + $0 - 10
    }
  }
}

extension UInt64 {
  /// The number that digits write; `nil` where they are none, are other characters, or write more than
  /// 64 bits.
  init?(digits: some Collection<UInt8>, radix: UInt64 = 10) {
    if digits.isEmpty { return nil }
    var value: UInt64 = 0
    for digit in digits {
      guard let one = digit.hexadecimalValue, one < radix else { return nil }
      let (product, isTooMuch) = value.multipliedReportingOverflow(by: radix)
      let (sum, isMore) = product.addingReportingOverflow(UInt64(one))
      if isTooMuch || isMore { return nil }
      value = sum
    }
    self = value
  }
}

extension [UInt8] {
  /// Whether the bytes of a text stand somewhere in here.
  func contains(_ part: String) -> Bool {
    let count = part.utf8.count
    return indices.contains { self[$0...].prefix(count).elementsEqual(part.utf8) }
  }

  /// Appends a number of at least 0 in decimal, with leading zeros where it has fewer digits.
  mutating func append(_ number: Int, digits: Int) {
    var power = 1
    for _ in 1..<digits { power *= 10 }
    while power > 0 {
      append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number / power % 10))
      power /= 10
    }
  }
}
