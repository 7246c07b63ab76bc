/// Who makes the sockets of IPv4 and IPv6 that a supervisor gives to a command.
enum SocketMakers {
  /// All that the command makes leads nowhere; what is connected outside is made by this process.
  case empty(EmptyNetwork)
  /// The command makes sockets itself, in a network of its own, which this process is in; what is connected
  /// outside is made by a process that stayed there.
  case outside(OutsideMaker)

  /// Whether the command has a network of its own, in which it does as it likes.
  var isPrivate: Bool {
    if case .outside = self { true } else { false }
  }

  /// The network in which connected sockets are.
  var outside: UInt64 {
    switch self {
    case .empty(let network): network.outside
    case .outside(let maker): maker.outside
    }
  }

  /// The process that makes sockets, without which there are none.
  var number: pid_t {
    switch self {
    case .empty(let network): network.maker
    case .outside(let maker): maker.number
    }
  }

  /// Has a socket made that is probably wanted next, while nobody waits.
  func prepare() { OutsideMaker.prepare() }

  /// A socket that the command may have as it is.
  ///
  /// - Parameters:
  ///   - family: AF_INET or AF_INET6.
  ///   - type: SOCK_STREAM or SOCK_DGRAM, perhaps with SOCK_NONBLOCK.
  ///   - protocol: 0, or that of the type.
  /// - Returns: The socket.
  /// - Throws: The errno of socket(2); ESRCH where the maker is gone.
  func inner(
    _ family: UInt32, _ type: UInt32, _ protocol: UInt32
  ) throws(SystemError) -> Descriptor {
    switch self {
    case .empty(let network): return try network.socket(family, type, `protocol`)
    case .outside(let maker): return try maker.inner(family, type, `protocol`)
    }
  }

  /// A TCP socket of the network outside, for one who waits.
  ///
  /// - Parameters:
  ///   - isVersion6: Whether it is one of AF_INET6.
  ///   - other: Whose it is to be. Rules of a firewall may ask that; a capability is not needed for any of this.
  ///   - own: The ids of this process.
  /// - Returns: The socket.
  /// - Throws: The errno of socket(2); EPERM where this process may not take the ids; ESRCH where the maker is gone.
  func outer(
    isVersion6: Bool, as other: ThreadIDs, _ own: OwnIDs
  ) throws(SystemError) -> OuterSocket {
    var ids = other
    ids.capabilities = own.ids.capabilities
    return try own.act(as: ids) { () throws(SystemError) -> OuterSocket in
      switch self {
      case .empty: try OuterSocket(isVersion6: isVersion6)
      case .outside(let maker):
        try maker.socket(isVersion6: isVersion6, as: ids == own.ids ? nil : ids)
      }
    }
  }
}
