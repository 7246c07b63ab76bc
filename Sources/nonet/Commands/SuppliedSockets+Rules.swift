internal import BPFAssembler

extension SuppliedSockets {
  /// Rules in front of the policy's own.
  ///
  /// Sockets of IPv4 and IPv6 come from the supervisor alone. One that leads nowhere shall stay so, and one
  /// that is connected shall stay with its peer: what could change either is refused, for root too.
  /// `threat-model.md` has the reason of each line.
  /// In a network of the command's own they hold what the command made there as well: registers do not tell which is
  /// which. There connect is the supervisor's by other means (`PrivateNetwork`).
  ///
  /// - Parameter isPrivate: Whether the command has a network of its own.
  /// - Returns: Lines of a policy.
  static func rules(isPrivate: Bool) -> String {
    Self.first + (isPrivate ? "deny shutdown\n" : "deny connect, shutdown\n") + Self.options
      + (isPrivate ? Self.inside : Self.nowhere)
  }

  private static let first = """
    default allow

    # Connects without connect.
    deny sendto, sendmsg, sendmmsg  if flags & MSG_FASTOPEN != 0

    # Made by the supervisor: a socket that connects still could be disconnected.

    """

  private static let options = """

    # Routes and marks; the range is what Linux 7.1 has.
    deny setsockopt  if level == SOL_SOCKET and optname in { SO_DEBUG, 5, SO_BINDTODEVICE, SO_MARK, 62 }
    deny setsockopt  if level == SOL_SOCKET and optname > 84
    # What may be set: IP_TOS, IP_TTL, IP_RECVOPTS, IP_RETOPTS, IP_PKTINFO, IP_MTU_DISCOVER, IP_RECVERR,
    # IP_RECVTTL, IP_RECVTOS, IP_MINTTL, IP_BIND_ADDRESS_NO_PORT, IP_RECVFRAGSIZE, IP_RECVERR_RFC4884,
    # IP_MULTICAST_IF to IP_DROP_MEMBERSHIP, IP_MULTICAST_ALL, IP_LOCAL_PORT_RANGE; and IP_HDRINCL, which raw
    # sockets alone have.
    deny setsockopt  if level == IPPROTO_IP and not optname in { 1, 2, 3, 6, 7, 8, 10, 11, 12, 13, 21, 24, 25, 26, 32, 33, 34, 35, 36, 49, 51 }
    # IPV6_UNICAST_HOPS to IPV6_DROP_MEMBERSHIP, IPV6_MTU_DISCOVER, IPV6_MTU, IPV6_RECVERR, IPV6_V6ONLY,
    # IPV6_MULTICAST_ALL, IPV6_RECVERR_RFC4884, IPV6_RECVPKTINFO, IPV6_RECVHOPLIMIT, IPV6_RECVPATHMTU,
    # IPV6_DONTFRAG, IPV6_RECVTCLASS, IPV6_TCLASS, IPV6_AUTOFLOWLABEL, IPV6_ADDR_PREFERENCES,
    # IPV6_MINHOPCOUNT, IPV6_RECVFRAGSIZE.
    deny setsockopt  if level == IPPROTO_IPV6 and not optname in { 16, 17, 18, 19, 20, 21, 23, 24, 25, 26, 29, 31, 49, 51, 60, 62, 66, 67, 70, 72, 73, 77 }
    # TCP_NODELAY to TCP_WINDOW_CLAMP, TCP_QUICKACK, TCP_CONGESTION, the thin ones, TCP_USER_TIMEOUT,
    # TCP_TIMESTAMP, TCP_NOTSENT_LOWAT, TCP_SAVE_SYN, TCP_INQ, TCP_TX_DELAY.
    deny setsockopt  if level == IPPROTO_TCP and not optname in { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 13, 16, 17, 18, 24, 25, 27, 36, 37 }
    # UDP_CORK, UDP_SEGMENT, UDP_GRO.
    deny setsockopt  if level == IPPROTO_UDP and not optname in { 1, 103, 104 }

    """

  /// For sockets of an empty network.
  private static let nowhere = """
    deny setsockopt  if not level in { SOL_SOCKET, IPPROTO_IP, IPPROTO_IPV6, IPPROTO_TCP, IPPROTO_UDP, SOL_NETLINK }

    # What sets an interface, a route or a tunnel, and SIOCGSKNS, which hands out the network itself. Left
    # are the requests about a socket's owner, mark and times, and those that read one fact of an interface.
    deny ioctl  if cmd & 0xff00 == 0x8900 and cmd & 0xffff0000 == 0 and not cmd in { 0x8901, 0x8902, 0x8903, 0x8904, 0x8905, 0x8906, 0x8907, SIOCGIFNAME, SIOCGIFCONF, SIOCGIFFLAGS, SIOCGIFADDR, 0x8917, 0x8919, 0x891b, 0x891d, 0x8921, SIOCGIFHWADDR, SIOCGIFINDEX, 0x8942, 0x8970 }
    deny ioctl  if cmd & 0xff00 == 0x8b00 and cmd & 0xffff0000 == 0

    """

  /// For sockets of a network of the command's own.
  private static let inside = """
    # Those of other protocols too: raw sockets (SOL_RAW and that of ICMPv6), UDP-Lite, SCTP, DCCP, MPTCP and packets.
    # A socket of TCP itself has none of them.
    deny setsockopt  if not level in { SOL_SOCKET, IPPROTO_IP, IPPROTO_IPV6, IPPROTO_TCP, IPPROTO_UDP, SOL_NETLINK, 58, 132, 136, 255, 263, 269, 284 }

    # What sets an interface or a route wants CAP_NET_ADMIN in the socket's own network, which the command has inside
    # alone. SIOCGSKNS hands out a network, and drivers have requests of their own (SIOCDEVPRIVATE, SIOCPROTOPRIVATE,
    # those of wireless devices), which ask for what they like.
    deny ioctl  if cmd & 0xffff0000 == 0 and cmd & 0xff00 == 0x8900 and cmd & 0xff >= 0xe0
    deny ioctl  if cmd & 0xffff0000 == 0 and cmd & 0xffff == 0x894c
    deny ioctl  if cmd & 0xffff0000 == 0 and cmd & 0xff00 == 0x8b00

    """

  /// What is asked about although the policy may allow it.
  static func asked(_ options: Options) -> String {
    """
    default allow
    deny bind, listen
    deny sendto  if dest_addr != NULL
    \(options.wantsDestinations ? Self.sends : "")
    \(landlockABI >= NetworkAllowance.firstLandlockABI ? "deny landlock_restrict_self" : "")
    """
  }

  /// Sends whose address is behind a pointer, and the small ones by which a resolver asks (send(3)).
  private static let sends = """
    deny sendmsg, sendmmsg
    deny sendto  if flags & MSG_NOSIGNAL != 0 and len <= 512
    """

  /// Reads lines of this file.
  static func parsed(_ text: String) throws(Failure) -> [Policy.Rule] {
    do throws(PolicyError) {
      return try Policy(text: text, named: "--allow-connect").rules
    } catch {
      throw ChosenPolicy.failure(error, "--allow-connect")
    }
  }
}
