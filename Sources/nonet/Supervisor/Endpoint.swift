/// An address of IPv4 or IPv6 with a port, in the one way in which two of them are compared.
struct Endpoint: Equatable {
  /// 16 bytes; an address of IPv4 as IPv6 maps it, ::ffff:a.b.c.d (RFC 4291, section 2.5.5.2).
  let address: [UInt8]
  let port: UInt16

  private static let mapped: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff]

  /// An address of 4 or 16 bytes.
  init(_ bytes: [UInt8], port: UInt16) {
    address = bytes.count == 4 ? Self.mapped + bytes : bytes
    self.port = port
  }

  var isVersion4: Bool { address.starts(with: Self.mapped) }

  /// Whether the address means an interface as well (fe80::/10), which it does not name.
  var needsInterface: Bool { address[0] == 0xfe && address[1] & 0xc0 == 0x80 }

  /// Whether an address, as bind(2) takes it, has a port below 1024 that somebody chose.
  static func isLowPort(_ bytes: [UInt8]) -> Bool {
    bytes.count >= 4 && bytes[2] < 4 && (bytes[2], bytes[3]) != (0, 0)
  }

  /// The address for a socket, made anew: nothing of what a command wrote is in it but these bytes.
  ///
  /// - Parameter isVersion6: Whether the socket is one of AF_INET6.
  /// - Returns: A sockaddr_in or a sockaddr_in6.
  func socketAddress(isVersion6: Bool) -> [UInt8] {
    let port = [UInt8(port >> 8), UInt8(truncatingIfNeeded: port)]
    if isVersion6 { return [10, 0] + port + [0, 0, 0, 0] + address + [0, 0, 0, 0] }
    return [2, 0] + port + address[12...] + [UInt8](repeating: 0, count: 8)
  }
}

/// What a connect on a socket of IPv4 or IPv6 names, as the kernel reads it.
enum Destination: Equatable {
  /// AF_UNSPEC: the socket is to be connected no more.
  case nobody
  case endpoint(Endpoint)
  /// The kernel answers this to the address.
  case invalid(CInt)

  /// Reads an address (inet_stream_connect and tcp_v4_connect in net/ipv4, tcp_v6_connect in net/ipv6).
  ///
  /// - Parameters:
  ///   - bytes: The supervisor's copy, as many as `length` says.
  ///   - length: How long the caller says it is.
  ///   - isVersion6: Whether the socket is one of AF_INET6.
  init(_ bytes: [UInt8], length: Int32, isVersion6: Bool) {
    guard length >= 2, length <= 128, bytes.count == Int(length) else {
      self = .invalid(EINVAL)
      return
    }
    let family = UInt16(bytes[0]) | UInt16(bytes[1]) << 8
    let port = bytes.count < 4 ? 0 : UInt16(bytes[2]) << 8 | UInt16(bytes[3])
    if family == 0 {
      self = .nobody
    } else if isVersion6 {
      // SIN6_LEN_RFC2133; flow label and scope are left out, as the kernel does without an interface.
      if bytes.count < 24 {
        self = .invalid(EINVAL)
      } else if family != 10 {
        self = .invalid(EAFNOSUPPORT)
      } else {
        self = .endpoint(Endpoint(Array(bytes[8..<24]), port: port))
      }
    } else if bytes.count < 16 {
      self = .invalid(EINVAL)
    } else if family != 2 {
      self = .invalid(EAFNOSUPPORT)
    } else {
      self = .endpoint(Endpoint(Array(bytes[4..<8]), port: port))
    }
  }
}

/// What `--allow-connect` lets through: one address with some ports.
struct AllowedEndpoints {
  /// 16 bytes, as in `Endpoint`.
  let address: [UInt8]
  let ports: [ClosedRange<UInt16>]

  func contains(_ endpoint: Endpoint) -> Bool {
    endpoint.address == address && ports.contains { $0.contains(endpoint.port) }
  }
}

extension [AllowedEndpoints] {
  /// Whether TCP may be connected to an endpoint.
  func allow(_ endpoint: Endpoint) -> Bool {
    !endpoint.needsInterface && contains { $0.contains(endpoint) }
  }
}
