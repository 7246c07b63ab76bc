internal import BPFAssembler

/// `--allow-connect` and `--destinations`: what they need, and what the filter says besides.
enum SuppliedSockets {
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
