internal import BPFAssembler

/// What a program does with an address of IPv4 or IPv6.
enum WhyUse {
  /// TCP connects to it.
  case connect
  /// A datagram goes to it.
  case send
  /// A server listens there.
  ///
  /// - Parameter mayHaveLowPort: Whether it may have a port below 1024.
  case listen(mayHaveLowPort: Bool)

  /// What the kernel answers in a network that has nothing but a loopback of its own; `nil` where it works.
  ///
  /// `ip_route_output_key_hash` in net/ipv4 and `ip6_route_output` in net/ipv6 find no way but by lo, which is where
  /// multicast goes too; `__inet_bind` and `__inet6_bind` look at the address and then at the port, and the other way
  /// around.
  func refusal(at endpoint: Endpoint) -> WhyRefusal? {
    switch self {
    case .connect:
      if endpoint.needsInterface { return .link }
      return endpoint.isLoopback && !endpoint.isBroadcast ? nil : .unreachable
    case .send:
      let isKept = endpoint.isLoopback || endpoint.isMulticast || endpoint.needsInterface
      return isKept ? nil : .unreachable
    case .listen(let mayHaveLowPort):
      if endpoint.needsInterface || !endpoint.isVersion4 && endpoint.isMulticast { return .link }
      let isAny = endpoint.isVersion4 && endpoint.address[12...].allSatisfy { $0 == 255 }
      let isThere = endpoint.isLoopback || endpoint.isMulticast || isAny
      let isLow = endpoint.port < 1024 && !mayHaveLowPort
      if isLow, isThere || !endpoint.isVersion4 { return .lowPort }
      return isThere ? nil : .absent
    }
  }
}

/// Why an address cannot be used in a network of the run's own.
enum WhyRefusal {
  case link, unreachable, absent, lowPort

  var errno: Errno? {
    switch self {
    case .link: Errno(named: "EINVAL")
    case .unreachable: Errno(number: ENETUNREACH)
    case .absent: Errno(named: "EADDRNOTAVAIL")
    case .lowPort: .eacces
    }
  }

  var words: String {
    switch self {
    case .link: "an address like this means an interface as well, which is not said"
    case .unreachable, .absent: "the run has a network of its own, with nothing but loopback"
    case .lowPort: "ports below 1024 want CAP_NET_BIND_SERVICE there too"
    }
  }
}

extension WhyAnswer {
  /// What becomes of an address in a network that has nothing but a loopback of its own.
  ///
  /// - Parameters:
  ///   - endpoint: The address.
  ///   - use: What is done with it.
  /// - Returns: That it stays inside, or is refused.
  static func ownNetwork(_ endpoint: Endpoint, _ use: WhyUse) -> WhyAnswer {
    if let refusal = use.refusal(at: endpoint) {
      return .refused(.namespace, refusal.errno, refusal.words)
    }
    let broadcast: String
    if case .send = use, endpoint.isBroadcast {
      broadcast = "; it takes SO_BROADCAST"
    } else {
      broadcast = ""
    }
    return .letThrough(
      .inside, .namespace,
      "the run has a loopback of its own, and what listens outside is not on it" + broadcast)
  }
}

extension Endpoint {
  /// Whether it is one of the machine itself by loopback: 127.0.0.0/8, ::1, and the addresses of all zeros, which
  /// connect(2) takes for them.
  var isLoopback: Bool {
    if isVersion4 { return address[12] == 127 || address[12...].allSatisfy { $0 == 0 } }
    return address[..<15].allSatisfy { $0 == 0 } && address[15] < 2
  }

  /// 224.0.0.0/4 and ff00::/8.
  var isMulticast: Bool { isVersion4 ? address[12] & 0xf0 == 224 : address[0] == 0xff }

  /// Whether it is that of everybody on a loopback, 127.255.255.255.
  var isBroadcast: Bool { isVersion4 && address[12...].elementsEqual([127, 255, 255, 255]) }

  /// Whether a datagram socket can be connected to it: fe80::/10, and multicast within a link or a machine, need an
  /// interface there, which a send does not.
  var canBePeer: Bool {
    !needsInterface && !(address[0] == 0xff && address[1] & 0x0f < 3)
  }

  /// The endpoint as `--allow-connect` takes it.
  var label: String {
    let bytes = socketAddress(isVersion6: !isVersion4)
    return SocketAddress(bytes).map { String(decoding: $0.label, as: UTF8.self) } ?? ""
  }
}
