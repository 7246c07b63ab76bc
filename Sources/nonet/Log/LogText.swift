internal import BPFAssembler

/// The members of a log as JSON; what somebody else chose comes in through `safe` and nothing else.
extension [UInt8] {
  mutating func append(text: String) { append(contentsOf: text.utf8) }

  /// A member of an object with a string that needs no escaping.
  mutating func member(_ name: LogMember, plain text: String, isFirst: Bool = false) {
    key(name, isFirst)
    append(UInt8(ascii: "\""))
    append(text: text)
    append(UInt8(ascii: "\""))
  }

  /// A member with a string that somebody else chose.
  mutating func member(_ name: LogMember, hostile bytes: [UInt8], isFirst: Bool = false) {
    key(name, isFirst)
    string(safe(bytes))
  }

  /// A member with a value that is JSON already.
  mutating func member(_ name: LogMember, literal text: StaticString) {
    key(name)
    append(text: "\(text)")
  }

  mutating func member(_ name: LogMember, _ moment: Timestamp, isFirst: Bool = false) {
    key(name, isFirst)
    append(UInt8(ascii: "\""))
    append(contentsOf: moment.text)
    append(UInt8(ascii: "\""))
  }

  /// A member with a number, or null.
  mutating func member(_ name: LogMember, _ number: CInt?) {
    key(name)
    append(text: number.map { "\($0)" } ?? "null")
  }

  mutating func member(_ name: LogMember, _ number: some BinaryInteger, isFirst: Bool = false) {
    key(name, isFirst)
    append(text: "\(Int64(truncatingIfNeeded: number))")
  }

  mutating func key(_ name: LogMember, _ isFirst: Bool = false) {
    if !isFirst { append(UInt8(ascii: ",")) }
    append(UInt8(ascii: "\""))
    append(text: name.rawValue)
    append(UInt8(ascii: "\""))
    append(UInt8(ascii: ":"))
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
      append(inString: safe(shown))
      shown = []
      append(text: "\\u00")
      append(contentsOf: byte.hexadecimal)
    }
    append(inString: safe(shown))
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
