internal import BPFAssembler
internal import CLinuxShims

/// A socket as socket(2) is asked for it.
struct SocketKind {
  let family: UInt32
  let type: UInt32
  let number: UInt32
}

/// What came of making a socket, which is closed again.
enum SocketTrial {
  /// It can be made, in this network: a number that no other one has, `nil` where the kernel does not tell.
  case made(network: UInt64?)
  /// What socket(2) answered.
  case refused(CInt)

  /// Makes one.
  ///
  /// - Parameters:
  ///   - kind: Which.
  ///   - flags: SOCK_CLOEXEC and SOCK_NONBLOCK.
  /// - Throws: That nothing is known of it: this process lacks descriptors or memory.
  init(_ kind: SocketKind, flags: UInt32 = 0) throws(SystemError) {
    let made = socket(
      CInt(bitPattern: kind.family), CInt(bitPattern: kind.type | flags),
      CInt(bitPattern: kind.number))
    guard made >= 0 else {
      let error = nonet_errno()
      if isLack(error) { throw SystemError(call: "socket", number: error) }
      self = .refused(error)
      return
    }
    defer { closeQuietly(made) }
    self = .made(network: network(of: made))
  }

  /// Looks for a socket of another family than AF_UNIX and IP.
  ///
  /// One refusal of a family as a whole is enough, since each is an attempt to a supervisor. AF_VSOCK, which
  /// reaches the host of a virtual machine and belongs to no network, is tried with every type.
  ///
  /// - Parameters:
  ///   - heldByNetworks: Whether the families are tried that see the interfaces of their own network alone, or
  ///     all the others.
  ///   - refusal: What IP sockets answer.
  /// - Returns: The first that can be made; `nil` where there is none.
  /// - Throws: That it could not be found out.
  static func otherFamily(
    heldByNetworks: Bool, refusal: CInt?
  ) throws(SystemError) -> SocketKind? {
    let types = [SocketType.stream, SocketType.datagram, SocketType.raw, SocketType.sequence]
    for family in heldByNetworks ? Self.heldByNetworks : families {
      for type in types {
        let (made, error) = try first(family, type)
        if let made { return made }
        let isWhole = error == EAFNOSUPPORT || error == refusal
        if isWhole, family != vsock { break }
      }
    }
    return nil
  }

  private static func first(
    _ family: UInt32, _ type: UInt32
  ) throws(SystemError) -> (SocketKind?, CInt) {
    var error: CInt = 0
    // Some families have nothing by the number 0 (AF_CAN).
    for number: UInt32 in 0...1 {
      let kind = SocketKind(family: family, type: type, number: number)
      switch try SocketTrial(kind) {
      case .made: return (kind, 0)
      case .refused(let found): error = found
      }
      if error != EPROTONOSUPPORT { break }
    }
    return (nil, error)
  }

  /// Whether sockets of a family have nobody at their other end but the kernel and what is on this machine:
  /// AF_UNIX, AF_KEY, AF_NETLINK and AF_ALG.
  static func isLocal(_ family: UInt32) -> Bool { [1, 15, 16, 38].contains(family) }

  /// Whether sockets of a family see the interfaces of their own network alone: IP, AF_PACKET and AF_XDP.
  static func isHeldByNetwork(_ family: UInt32) -> Bool {
    isInternet(family) || heldByNetworks.contains(family)
  }

  private static func isInternet(_ family: UInt32) -> Bool { [2, 10].contains(family) }
  private static let heldByNetworks: [UInt32] = [17, 44]
  private static let vsock: UInt32 = 40

  /// All others that lead out, which are those that the kernel's headers name.
  private static var families: [UInt32] {
    var found = [vsock]
    for constant in NamedConstant.all where constant.name.utf8.starts(with: "AF_".utf8) {
      let family = UInt32(truncatingIfNeeded: constant.value(on: .host))
      let isWanted = family != 0 && !isLocal(family) && !isHeldByNetwork(family)
      if isWanted, !found.contains(family) { found.append(family) }
    }
    return found
  }
}

/// The network of a socket, by a number that no other one has (Linux 5.14); `nil` where the kernel does not tell.
func network(of socket: CInt) -> UInt64? {
  var found: UInt64 = 0
  return nonet_network_of(socket, &found) == 0 ? found : nil
}

extension Here {
  /// The network of this process, by a number that no other one has; `nil` where it is not told.
  ///
  /// - Throws: That this process lacks descriptors or memory.
  static func network() throws(SystemError) -> UInt64? {
    // A pair of AF_UNIX is never made by a supervisor.
    var pair: (CInt, CInt) = (-1, -1)
    let made = withUnsafeMutablePointer(to: &pair) {
      $0.withMemoryRebound(to: CInt.self, capacity: 2) {
        socketpair(AF_UNIX, CInt(bitPattern: SocketType.stream), 0, $0)
      }
    }
    guard made == 0 else {
      let error = nonet_errno()
      if isLack(error) { throw SystemError(call: "socketpair", number: error) }
      return nil
    }
    defer {
      closeQuietly(pair.0)
      closeQuietly(pair.1)
    }
    return nonet.network(of: pair.0)
  }
}
