/// The question of a DNS message that passes by in clear (RFC 1035, section 4.1).
struct DNSQuery: Equatable {
  /// The labels joined by dots; hostile.
  let name: [UInt8]
  let type: String

  /// So much of a message is looked at: a header and the longest name.
  static let mostBytes = 512

  /// Reads the first question.
  ///
  /// - Parameters:
  ///   - message: The beginning of what is sent.
  ///   - hasLength: Whether two bytes of length come first, as over TCP.
  init?(_ message: [UInt8], hasLength: Bool) {
    let bytes = message.dropFirst(hasLength ? 2 : 0)
    var next = bytes.startIndex + 12
    // A query, not an answer; at least one question.
    guard bytes.count >= 17, bytes[bytes.startIndex + 2] & 0xf8 == 0,
      bytes[bytes.startIndex + 4] != 0 || bytes[bytes.startIndex + 5] != 0
    else { return nil }
    var name: [UInt8] = []
    while next < bytes.endIndex, bytes[next] != 0 {
      let length = Int(bytes[next])
      // A question's name is written out, never a pointer into another one.
      guard length < 64, next + length < bytes.endIndex, name.count + length < 255 else {
        return nil
      }
      if !name.isEmpty { name.append(UInt8(ascii: ".")) }
      name += bytes[next + 1...next + length]
      next += length + 1
    }
    guard next + 4 < bytes.endIndex else { return nil }
    self.name = name.isEmpty ? [UInt8(ascii: ".")] : name
    type = Self.typeName(UInt16(bytes[next + 1]) << 8 | UInt16(bytes[next + 2]))
  }

  /// The names that people know; others as RFC 3597 writes them.
  private static func typeName(_ number: UInt16) -> String {
    switch number {
    case 1: "A"
    case 2: "NS"
    case 5: "CNAME"
    case 6: "SOA"
    case 12: "PTR"
    case 15: "MX"
    case 16: "TXT"
    case 28: "AAAA"
    case 33: "SRV"
    case 64: "SVCB"
    case 65: "HTTPS"
    case 255: "ANY"
    case _: "TYPE\(number)"
    }
  }
}
