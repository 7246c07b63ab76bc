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

/// Text that neither JSON nor a terminal takes for anything but text: characters that are seen.
func safe(_ bytes: [UInt8]) -> [UInt8] { SafeText.escaped(bytes) }
