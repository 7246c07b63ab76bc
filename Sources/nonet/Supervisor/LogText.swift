internal import BPFAssembler

/// JSON as bytes; what is hostile comes in through `safe` and nothing else.
extension [UInt8] {
  mutating func append(text: String) { append(contentsOf: text.utf8) }

  /// A member of an object with a string that needs no escaping.
  mutating func member(_ name: StaticString, plain text: String, isFirst: Bool = false) {
    key(name, isFirst)
    append(UInt8(ascii: "\""))
    append(text: text)
    append(UInt8(ascii: "\""))
  }

  /// A member with a string that somebody else chose.
  mutating func member(_ name: StaticString, hostile bytes: [UInt8], isFirst: Bool = false) {
    key(name, isFirst)
    string(safe(bytes))
  }

  mutating func member(_ name: StaticString, _ number: some BinaryInteger, isFirst: Bool = false) {
    key(name, isFirst)
    append(text: "\(Int64(truncatingIfNeeded: number))")
  }

  mutating func key(_ name: StaticString, _ isFirst: Bool = false) {
    if !isFirst { append(UInt8(ascii: ",")) }
    append(UInt8(ascii: "\""))
    append(contentsOf: UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
    append(UInt8(ascii: "\""))
    append(UInt8(ascii: ":"))
  }

  /// A JSON string of text that `safe` made.
  mutating func string(_ safe: [UInt8]) {
    append(UInt8(ascii: "\""))
    for byte in safe {
      if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { append(UInt8(ascii: "\\")) }
      append(byte)
    }
    append(UInt8(ascii: "\""))
  }

  /// A JSON string of words that a user gave: control characters as JSON has them, bytes that are no
  /// UTF-8 as `\xNN`.
  mutating func string(words bytes: [UInt8]) {
    var shown: [UInt8] = []
    append(UInt8(ascii: "\""))
    for byte in bytes {
      if byte >= 0x20, byte != UInt8(ascii: "\\"), byte != UInt8(ascii: "\""), byte != 0x7f {
        shown.append(byte)
        continue
      }
      append(contentsOf: safe(shown).flatMap { $0 == UInt8(ascii: "\\") ? [$0, $0] : [$0] })
      shown = []
      append(text: "\\u00")
      append(text: byte < 16 ? "0" : "")
      append(text: String(byte, radix: 16))
    }
    append(contentsOf: safe(shown).flatMap { $0 == UInt8(ascii: "\\") ? [$0, $0] : [$0] })
    append(UInt8(ascii: "\""))
  }

  /// A number in a field of fixed width, so that a later one fits in the same place.
  mutating func append(_ number: UInt64, width: Int) {
    let digits = Array("\(number)".utf8)
    for _ in 0..<Swift.max(0, width - digits.count) { append(UInt8(ascii: " ")) }
    append(contentsOf: digits)
  }
}

/// Text that neither JSON nor a terminal takes for anything but text: printable UTF-8.
///
/// Control characters, what turns the direction of writing, backslashes and bytes that are no UTF-8
/// appear as `\xNN`, so different bytes never look the same.
func safe(_ bytes: [UInt8]) -> [UInt8] {
  var result: [UInt8] = []
  result.reserveCapacity(bytes.count)
  var index = 0
  while index < bytes.count {
    let length = scalarLength(bytes, at: index)
    if length > 0 {
      result.append(contentsOf: bytes[index..<index + length])
      index += length
    } else {
      let digits = Array("0123456789abcdef".utf8)
      result += [
        UInt8(ascii: "\\"), UInt8(ascii: "x"), digits[Int(bytes[index] >> 4)],
        digits[Int(bytes[index] & 15)],
      ]
      index += 1
    }
  }
  return result
}

/// How many bytes a printable character takes, or 0 where there is none (RFC 3629, section 4).
private func scalarLength(_ bytes: [UInt8], at index: Int) -> Int {
  let first = bytes[index]
  if first < 0x80 { return first >= 0x20 && first != 0x7f && first != UInt8(ascii: "\\") ? 1 : 0 }
  let length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2
  guard first >= 0xc2, first <= 0xf4, index + length <= bytes.count else { return 0 }
  var value = UInt32(first) & (0x7f >> UInt32(length))
  for next in bytes[index + 1..<index + length] {
    guard next & 0xc0 == 0x80 else { return 0 }
    value = value << 6 | UInt32(next & 0x3f)
  }
  let least: UInt32 = length == 4 ? 0x1_0000 : length == 3 ? 0x800 : 0x80
  guard value >= least, value <= 0x10_ffff, !(0xd800...0xdfff).contains(value) else { return 0 }
  switch value {
  case 0x80...0x9f, 0x200b...0x200f, 0x2028...0x202e, 0x2060...0x206f, 0xfeff, 0xe0000...0xe0fff:
    return 0
  case _: return length
  }
}
