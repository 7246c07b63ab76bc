extension [UInt8] {
  /// Appends UTF-8 as it stands between the quotation marks of a JSON string (RFC 8259, section 7).
  mutating func append(inString bytes: some Sequence<UInt8>) {
    for byte in bytes {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"):
        append(UInt8(ascii: "\\"))
        append(byte)
      case 0..<0x20:
        append(contentsOf: "\\u00".utf8)
        append(contentsOf: byte.hexadecimal)
      case _: append(byte)
      }
    }
  }

  /// Appends a JSON string.
  mutating func string(_ bytes: [UInt8]) {
    append(UInt8(ascii: "\""))
    append(inString: bytes)
    append(UInt8(ascii: "\""))
  }
}
