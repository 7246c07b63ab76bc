/// A `struct sockaddr` as the log tells it; the bytes are whatever another process wrote there.
enum SocketAddress: Equatable {
  case internet(address: String, port: UInt16, isVersion6: Bool)
  /// AF_UNIX: a path, or a name that begins with a NUL, which is not part of `name`.
  case unix(name: [UInt8], isAbstract: Bool)
  case netlink(port: UInt32, groups: UInt32)
  case other(family: UInt32)

  /// Reads an address.
  ///
  /// - Parameter bytes: As many as the caller said there are; `nil` where they are too few for a
  ///   family.
  init?(_ bytes: [UInt8]) {
    guard bytes.count >= 2 else { return nil }
    let family = UInt32(bytes[0]) | UInt32(bytes[1]) << 8
    switch family {
    case 1:
      let rest = bytes[2...]
      if rest.first == 0 {
        self = .unix(name: Array(rest.dropFirst()), isAbstract: true)
      } else {
        self = .unix(name: Array(rest.prefix { $0 != 0 }), isAbstract: false)
      }
    case 2 where bytes.count >= 8:
      let address = bytes[4..<8].map { "\($0)" }.joined(separator: ".")
      self = .internet(address: address, port: Self.port(bytes), isVersion6: false)
    case 10 where bytes.count >= 24:
      let address = Self.version6(Array(bytes[8..<24]))
      self = .internet(address: address, port: Self.port(bytes), isVersion6: true)
    case 16 where bytes.count >= 12:
      self = .netlink(port: Self.word(bytes, 4), groups: Self.word(bytes, 8))
    case _:
      self = .other(family: family)
    }
  }

  /// The address in few words, for a person.
  var label: [UInt8] {
    switch self {
    case .internet(let address, let port, let isVersion6):
      Array((isVersion6 ? "[\(address)]:\(port)" : "\(address):\(port)").utf8)
    case .unix(let name, let isAbstract): Array(isAbstract ? "@".utf8 : "".utf8) + safe(name)
    case .netlink: Array("netlink".utf8)
    case .other: []
    }
  }

  /// Whether a library asks there for names of users and hosts, or for a new UUID, and goes on without an answer:
  /// nearly every program does, and it is no attempt to reach anything.
  var isNameService: Bool {
    guard case .unix(let name, false) = self else { return false }
    return name.elementsEqual("/var/run/nscd/socket".utf8)
      || name.elementsEqual("/run/nscd/socket".utf8)
      || name.elementsEqual("/run/uuidd/request".utf8)
      || name.starts(with: "/run/systemd/userdb/".utf8)
  }

  var family: UInt32 {
    switch self {
    case .internet(_, _, let isVersion6): isVersion6 ? 10 : 2
    case .unix: 1
    case .netlink: 16
    case .other(let family): family
    }
  }

  private static func port(_ bytes: [UInt8]) -> UInt16 { UInt16(bytes[2]) << 8 | UInt16(bytes[3]) }

  private static func word(_ bytes: [UInt8], _ at: Int) -> UInt32 {
    UInt32(bytes[at]) | UInt32(bytes[at + 1]) << 8 | UInt32(bytes[at + 2]) << 16
      | UInt32(bytes[at + 3]) << 24
  }

  /// RFC 5952: lower case, no leading zeros, the longest run of two zero groups or more as `::`.
  private static func version6(_ bytes: [UInt8]) -> String {
    let groups = (0..<8).map { UInt16(bytes[2 * $0]) << 8 | UInt16(bytes[2 * $0 + 1]) }
    if groups[..<5].allSatisfy({ $0 == 0 }), groups[5] == 0xffff {
      return "::ffff:" + bytes[12...].map { "\($0)" }.joined(separator: ".")
    }
    var longest = 0..<0
    var start = 0
    while start < 8 {
      var end = start
      while end < 8, groups[end] == 0 { end += 1 }
      if end - start > max(1, longest.count) { longest = start..<end }
      start = end + 1
    }
    func text(_ range: Range<Int>) -> String {
      groups[range].map { String($0, radix: 16) }.joined(separator: ":")
    }
    if longest.isEmpty { return text(0..<8) }
    return text(0..<longest.lowerBound) + "::" + text(longest.upperBound..<8)
  }
}
