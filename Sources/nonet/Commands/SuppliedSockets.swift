internal import BPFAssembler

/// `--allow-connect` and `--destinations`: what they need, and what the filter says besides.
enum SuppliedSockets {
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

  static var landlockABI: Int {
    do throws(SystemError) { return try probeLandlock() } catch { return .max }
  }

  /// What the options need beside each other, known before anything else is.
  static func check(_ options: Options) throws(Failure) {
    let name = options.allowedConnects.isEmpty ? "--destinations" : "--allow-connect"
    if options.isObserving {
      throw .usage("\(name) and --observe exclude each other: --observe refuses nothing")
    }
    if options.wantsDestinations, !options.isLogging, !options.isHinting,
      options.allowedConnects.isEmpty
    {
      throw .usage(
        "--destinations needs --log, --log-dir, --report, --fail-on-attempt or --hint, which tell "
          + "of them")
    }
    if options.session != nil {
      throw .usage(
        "\(name) and --session exclude each other: other commands of the session would share its sockets, and are "
          + "not held to their peers")
    }
    if options.preset == .strict {
      throw .usage(
        "\(name): policy \"strict\" lets no socket of any kind be made; choose another policy")
    }
  }

  /// Looks whether the policy leaves sockets to the supervisor, and who would get them.
  ///
  /// - Parameters:
  ///   - options: The command line.
  ///   - chosen: The policy.
  ///   - oracle: What it answers, with `rules` in front.
  ///   - hasNamespace: Whether the command has a network of its own.
  ///   - network: What a supervisor decides there, where it makes the connects.
  ///   - dropped: The capabilities that the command gives up.
  /// - Returns: What may be reached.
  /// - Throws: Why nothing can be allowed; the command must not run then.
  static func allowance(
    _ options: Options, _ chosen: ChosenPolicy, _ oracle: Program, hasNamespace: Bool,
    _ network: PrivateNetwork?, dropped: UInt64
  ) throws(Failure) -> NetworkAllowance {
    let policy = chosen.name
    let name = options.allowedConnects.isEmpty ? "--destinations" : "--allow-connect"
    func refused(_ reason: String) -> Failure {
      .refused("\(name): \(reason); the command was not run")
    }
    if hasNamespace {
      try checkNamespace(options, chosen, isServed: network != nil, refused)
    } else {
      try checkSockets(chosen, oracle, refused)
    }
    if let call = Self.heldBack(options, chosen, hasNamespace: hasNamespace) {
      throw refused(
        hasNamespace
          ? "policy \"\(policy)\" refuses \(call), so there is nothing to connect"
          : "--deny or --merge refuses \(call), and \(name) takes nothing back of that; leave one of them out"
      )
    }
    let pointer: UInt64 = 1 << 32 | 4096
    for (call, arguments) in [
      ("bpf", [0, pointer, 128]), ("io_uring_enter", [3, 1, 1]), ("io_uring_register", [3, 0]),
    ] as [(String, [UInt64])] {
      guard let number = Syscall(named: call)?.number(on: .host) else { continue }
      let one = SystemCall(
        arch: Architecture.host.auditValue, number: number, arguments: arguments)
      if oracle.allows(one) {
        throw refused("policy \"\(policy)\" allows \(call), by which a socket is led elsewhere")
      }
    }
    let held: Privileges
    do throws(SystemError) {
      held = Privileges(bits: try permittedCapabilities() & ~dropped)
    } catch {
      throw .system(error, "\(name): capabilities are not known, so nothing was run")
    }
    let reaching = held.shared(with: .network).names
    // In a network of its own they are given up for those of its user namespace.
    if !hasNamespace, !reaching.isEmpty {
      throw refused(
        "a command that keeps \(reaching.joined(separator: ", ")) could lead any socket elsewhere")
    }
    let proc = ProcMount.here
    guard proc == .ours, let status = ThreadStatus.own else {
      throw refused(
        proc == .foreign
          ? "needs the /proc of this pid namespace, and the one here belongs to another; mount one "
            + "(unshare --mount-proc)" : "needs /proc, which is not there")
    }
    let own: OwnIDs
    do throws(SystemError) {
      own = try OwnIDs(status.ids)
    } catch {
      throw .system(error, "\(name): this process's ids are not known, so nothing was run")
    }
    return NetworkAllowance(
      endpoints: options.endpoints.map {
        AllowedEndpoints(address: Endpoint($0.address, port: 0).address, ports: $0.ports)
      },
      wantsDestinations: options.wantsDestinations,
      refusal: CInt(truncatingIfNeeded: options.errno.number), own: own, landlockABI: landlockABI,
      label: securityLabel(of: OwnProcess.number), filters: status.filters + 1)
  }

  /// The call without which nothing is reached and that stays refused; `nil` where there is none.
  private static func heldBack(
    _ options: Options, _ chosen: ChosenPolicy, hasNamespace: Bool
  ) -> String? {
    // In a network of its own the command makes its sockets by itself.
    let policy = hasNamespace ? chosen.policy : chosen.held(isPrivate: false)
    let types =
      options.wantsDestinations
      ? [SocketType.stream, SocketType.datagram] : [SocketType.stream]
    let canMake = types.contains { type in
      [AF_INET, AF_INET6].contains { !policy.refuses("socket", [UInt64($0), UInt64(type), 0]) }
    }
    if !canMake { return "socket" }
    return policy.refuses("connect", [3, 1 << 32 | 4096, 16]) ? "connect" : nil
  }

  private static func checkNamespace(
    _ options: Options, _ chosen: ChosenPolicy, isServed: Bool, _ refused: (String) -> Failure
  ) throws(Failure) {
    if options.wantsDestinations {
      throw refused(
        "policy \"\(chosen.name)\" gives the command a network of its own, whose records say where to by "
          + "themselves; leave --destinations out")
    }
    guard isServed else {
      throw refused(
        "in a network of its own a supervisor has to make the connects, and none can: "
          + (PrivateSockets.obstacle
            ?? "policy \"\(chosen.name)\" refuses connect or listen, or lets AF_UNIX sockets be made")
      )
    }
  }

  private static func checkSockets(
    _ chosen: ChosenPolicy, _ oracle: Program, _ refused: (String) -> Failure
  ) throws(Failure) {
    let policy = chosen.name
    if let way = IPSockets.way({ oracle.allows($0) }) {
      throw refused(
        "policy \"\(policy)\" lets IP sockets be made already (\(way)), to reach anybody; choose "
          + "another policy")
    }
    if chosen.allowsConnect {
      throw refused(
        "policy \"\(policy)\" lets connect through by itself, for every socket; choose another policy, "
          + "perhaps with --allow-unix")
    }
  }

  /// Starts who makes sockets outside, before the network is left.
  ///
  /// - Throws: Why there is nobody; the command must not run then.
  static func outsideMaker() throws(Failure) -> OutsideMaker {
    do throws(SystemError) {
      return try OutsideMaker()
    } catch {
      throw .refused(
        "--allow-connect: no socket of the network outside can be made here (\(error.call): \(error.reason)); "
          + "the command was not run")
    }
  }

  /// The same allowance, once the namespaces are entered in which the command runs.
  static func settled(
    _ allowance: NetworkAllowance, _ own: OwnIDs, _ maker: OutsideMaker
  ) throws(Failure) -> NetworkAllowance {
    var settled = allowance
    settled.own = own
    do throws(SystemError) {
      try maker.settle()
    } catch {
      throw .system(error, "--allow-connect: the network was not left, so nothing was run")
    }
    return settled
  }

  /// Makes the empty network.
  ///
  /// - Throws: Why there is none; the command must not run then.
  static func network(_ options: Options) throws(Failure) -> EmptyNetwork {
    let name = options.allowedConnects.isEmpty ? "--destinations" : "--allow-connect"
    do throws(EmptyNetwork.Problem) {
      return try EmptyNetwork()
    } catch {
      switch error {
      case .refused(let error):
        throw .refused(
          "\(name) needs an empty network for the command's sockets, and none can be made here "
            + "(\(error.call): \(error.reason)); a setting may decide (user.max_user_namespaces, "
            + "kernel.apparmor_restrict_unprivileged_userns), or the container; the command was not run"
        )
      case .unknown(let error):
        throw .refused(
          "\(name) needs Linux 5.14, which tells networks apart; here is \(Here.kernel) "
            + "(\(error.call): \(error.reason)); the command was not run")
      }
    }
  }
}
