internal import BPFAssembler

/// A run that does not take place: what its layers would answer.
///
/// It is prepared as a run is, so that what a run refuses is refused here by the same words.
struct WhyRun {
  let options: Options
  private let chosen: ChosenPolicy
  let filters: FilterChain?
  let plan: Plan
  /// What a supervisor decides of a network of the command's own.
  let network: PrivateNetwork?
  /// What a supervisor connects AF_UNIX sockets to.
  let unix: UnixAllowance?
  /// What Landlock holds of AF_UNIX, without a supervisor.
  let held: HeldSockets?
  /// What a supervisor connects TCP to.
  private let supplied: NetworkAllowance?

  /// Prepares the run.
  ///
  /// - Parameter options: Its options.
  /// - Throws: Why it would not take place.
  init(_ options: Options) throws(Failure) {
    self.options = options
    let (plan, confined, isSupervised) = try RunPreparation.prepared(
      options, entersNamespace: false
    ) { false }
    if plan.layers.contains(.python) {
      throw .refused("--why does not know what the Python wrapper answers, which is the plan here")
    }
    self.plan = plan
    if let read = confined.chosen {
      chosen = read
    } else {
      chosen = try ChosenPolicy(options, PolicySources(options), for: .host, warns: false)
    }
    try Listening.tryAll(options)
    let oracle = confined.program
    filters = confined.filter?.chain
    held = confined.held
    guard isSupervised, let oracle else {
      (network, unix, supplied) = (nil, nil, nil)
      return
    }
    let network = PrivateSockets(options, plan, confined).network(oracle.program)
    self.network = network
    unix = try AllowedSockets(options, inside: network != nil)?
      .allowance(
        confined.name, oracle, network,
        network.map { $0.held } ?? confined.chosen?.held(isPrivate: false))
    guard options.suppliesSockets else {
      supplied = nil
      return
    }
    supplied = try SuppliedSockets.allowance(
      options, chosen, oracle.program, hasNamespace: plan.layers.contains(.namespace),
      network, dropped: plan.dropped)
    if network == nil {
      _ = try SuppliedSockets.network(options)
    } else {
      _ = try SuppliedSockets.outsideMaker()
    }
  }

  /// What becomes of an attempt.
  func answer(_ target: WhyTarget) -> WhyAnswer {
    if plan.layers.isEmpty { return .letThrough(.outside, .none, "nothing confines this run") }
    let answer = decision(target)
    if options.isObserving {
      return .letThrough(
        .outside, .observe,
        answer.isLetThrough ? "nothing is refused" : "it is recorded and goes on")
    }
    return answer
  }

  private func decision(_ target: WhyTarget) -> WhyAnswer {
    switch target {
    case .connect(let endpoint, let isVersion6, let isStream):
      connect(endpoint, isVersion6: isVersion6, isStream: isStream)
    case .listen(let endpoint, let isVersion6): listen(endpoint, isVersion6: isVersion6)
    case .path(let path): self.path(path)
    case .abstract(let name): abstract(name)
    case .family(let family): socket(family)
    }
  }

  // IPv4 and IPv6 ----------------------------------------------------------------------------------

  private func connect(_ endpoint: Endpoint, isVersion6: Bool, isStream: Bool) -> WhyAnswer {
    if let supplied {
      if isStream, supplied.endpoints.allow(endpoint) {
        return .letThrough(.outside, .supervisor, "--allow-connect names it")
      }
    }
    if supplied != nil, network == nil {
      return .refused(
        .supervisor, options.errno,
        isStream ? "--allow-connect does not name it" : "a supervisor's sockets reach by TCP alone")
    }
    let wish = WhyWays.Wish(
      family: UInt32(isVersion6 ? AF_INET6 : AF_INET),
      type: isStream ? SocketType.stream : SocketType.datagram,
      calls: isStream
        ? Self.streamCalls
        : Self.datagramCalls.filter {
          endpoint.canBePeer || !$0.name.utf8.elementsEqual("connect".utf8)
        })
    let (refused, way) = outcome(wish)
    if let refused { return refused }
    if hasNamespace { return inOwnNetwork(endpoint, isStream ? .connect : .send, wish, way) }
    if isStream, plan.layers.contains(.landlock(.tcp)) {
      return .refused(.landlock, .eacces, "its domain refuses TCP")
    }
    return allowed(way)
  }

  private func listen(_ endpoint: Endpoint, isVersion6: Bool) -> WhyAnswer {
    if supplied != nil, network == nil {
      return .refused(
        .supervisor, options.errno, "no server can be had with a supervisor's sockets")
    }
    let wish = WhyWays.Wish(
      family: UInt32(isVersion6 ? AF_INET6 : AF_INET), type: SocketType.stream,
      calls: [("listen", [3, 16], "listen")], also: [("bind", Self.connect)])
    let (refused, way) = outcome(wish)
    if let refused { return refused }
    if Listening.reaches(endpoint, options.listens) {
      return .letThrough(
        .outside, .supervisor,
        "--allow-listen names it, so who connects there reaches the server inside")
    }
    if hasNamespace {
      let mayHaveLowPort = Privileges.mayHaveLowPorts(without: plan.dropped)
      return inOwnNetwork(endpoint, .listen(mayHaveLowPort: mayHaveLowPort), wish, way)
    }
    if plan.layers.contains(.landlock(.tcp)) {
      return .refused(.landlock, .eacces, "its domain refuses TCP")
    }
    return allowed(way)
  }

  private func inOwnNetwork(
    _ endpoint: Endpoint, _ use: WhyUse, _ wish: WhyWays.Wish, _ way: WhyWays.Way?
  ) -> WhyAnswer {
    let answer = WhyAnswer.ownNetwork(endpoint, use)
    if answer.isLetThrough { return answer.by(way) }
    // What refuses the usual call is asked before the network is.
    return usualRefusal(wish) ?? answer
  }

  // Families ---------------------------------------------------------------------------------------

  private func socket(_ family: UInt32) -> WhyAnswer {
    let isInternet = family == UInt32(AF_INET) || family == UInt32(AF_INET6)
    if supplied != nil, network == nil, isInternet {
      return .letThrough(
        .inside, .supervisor, "such sockets are the supervisor's, which decides where to")
    }
    let names = SocketNames()
    let types = WhyTarget.socketTypes(of: family)
    var open: [UInt32] = []
    for type in types {
      let isMade =
        family == UInt32(AF_UNIX) && network?.makes(type) ?? false
        || filters == nil
        || way(WhyWays.Wish(family: family, type: type, calls: [])) != nil
      if isMade { open.append(type) }
    }
    guard let first = open.first else {
      return refusal("socket", [UInt64(family), UInt64(types[0]), 0])
        ?? .refused(.filter, nil, "no such socket can be made")
    }
    var words = "such a socket can be made"
    if open.count < types.count {
      words += ", of " + open.map { names.type($0) }.joined(separator: " and ") + " alone"
    } else if family == UInt32(AF_NETLINK),
      refusal("socket", [UInt64(family), UInt64(first), Self.netlinkDevices]) != nil
    {
      words += ", of NETLINK_ROUTE alone"
    }
    if network != nil, family == UInt32(AF_UNIX) {
      return .letThrough(.inside, .supervisor, words)
    }
    if held != nil, family == UInt32(AF_UNIX) {
      return .letThrough(.inside, .landlock, words)
    }
    let isOwn = hasNamespace && (isInternet || family == UInt32(AF_NETLINK))
    return .letThrough(
      isOwn ? .inside : .outside, .filter, words,
      rule: rule("socket", [UInt64(family), UInt64(first), 0]))
  }

  /// NETLINK_KOBJECT_UEVENT (linux/netlink.h): a protocol that no preset allows.
  private static let netlinkDevices: UInt64 = 15

  // The filter -------------------------------------------------------------------------------------

  private static let pointer: UInt64 = 1 << 32 | 4096
  /// The registers of a connect or bind, and of a sendto with an address.
  static let connect: [UInt64] = [3, pointer, 16]
  private static let send: [UInt64] = [3, pointer, 1, 0, pointer, 16]

  var hasNamespace: Bool { plan.layers.contains(.namespace) }

  private static let fastOpen: UInt64 = 0x2000_0000
  private static let streamCalls: [(name: String, arguments: [UInt64], words: String)] = [
    ("connect", connect, "connect"),
    ("sendto", [3, pointer, 1, fastOpen, pointer, 16], "sendto with MSG_FASTOPEN"),
    ("sendmsg", [3, pointer, fastOpen], "sendmsg with MSG_FASTOPEN"),
    ("sendmmsg", [3, pointer, 1, fastOpen], "sendmmsg with MSG_FASTOPEN"),
  ]
  static let datagramCalls: [(name: String, arguments: [UInt64], words: String)] = [
    ("sendto", send, "sendto"), ("connect", connect, "connect and write"),
    ("sendmsg", [3, pointer, 0], "sendmsg"), ("sendmmsg", [3, pointer, 1, 0], "sendmmsg"),
  ]

  /// The refusal where no way is open, as the usual calls meet it; else the way, `nil` without a filter.
  func outcome(_ wish: WhyWays.Wish) -> (refused: WhyAnswer?, way: WhyWays.Way?) {
    guard filters != nil else { return (nil, nil) }
    if let way = way(wish) { return (nil, way) }
    return (usualRefusal(wish) ?? .refused(.filter, nil, "no way is open"), nil)
  }

  /// What the filter answers to the first of the usual calls that it refuses.
  private func usualRefusal(_ wish: WhyWays.Wish) -> WhyAnswer? {
    let made: [UInt64] = [UInt64(wish.family), UInt64(wish.type), 0]
    let calls =
      [("socket", made)] + wish.also.map { ($0.name, $0.arguments) }
      + wish.calls.prefix(1).map { ($0.name, $0.arguments) }
    for (name, arguments) in calls {
      if let refusal = refusal(name, arguments) { return refusal }
    }
    return nil
  }

  func way(_ wish: WhyWays.Wish) -> WhyWays.Way? {
    filters.flatMap { WhyWays(filters: $0).way(wish) }
  }

  func allowed(_ way: WhyWays.Way?) -> WhyAnswer {
    guard let way else { return .letThrough(.outside, .filter, "the policy allows it") }
    return .letThrough(
      .outside, .filter,
      way.isUsual ? "the policy allows it" : "not by the usual call, but by \(way.words)",
      rule: rule(way.name, way.arguments))
  }

  /// What the filter answers to a call that it does not let through; `nil` for one that it does.
  func refusal(_ name: String, _ arguments: [UInt64]) -> WhyAnswer? {
    guard let filters, let number = Syscall(named: name)?.number(on: .host) else { return nil }
    let value = filters.run(
      SeccompData(nr: number, arch: Architecture.host.auditValue, arguments: arguments))
    if value == SeccompReturn.allow || value == SeccompReturn.log { return nil }
    let isErrno = value & 0xffff_0000 == SeccompReturn.errno
    return .refused(
      .filter, isErrno ? Errno(number: value & 0xffff) : nil,
      isErrno ? "the policy denies \(name)" : "the policy ends who calls \(name)",
      rule: rule(name, arguments))
  }

  private func rule(_ name: String, _ arguments: [UInt64]) -> String? {
    filters == nil ? nil : chosen.rule(for: name, arguments, in: options.preset)
  }
}

extension ChosenPolicy {
  /// The rule that decides about a call of this machine's architecture.
  ///
  /// - Parameters:
  ///   - name: The call.
  ///   - arguments: Its registers.
  ///   - preset: Whose text has the rule, where it is one.
  /// - Returns: Where the rule stands, with its text where a preset has it; `nil` where nobody said it.
  func rule(for name: String, _ arguments: [UInt64], in preset: Preset?) -> String? {
    guard let number = Syscall(named: name)?.number(on: .host) else { return nil }
    let call = SystemCall(arch: Architecture.host.auditValue, number: number, arguments: arguments)
    guard let rule = policy.rule(for: call, on: .host) else { return "default" }
    guard let place = rule.place else { return nil }
    guard let line = place.line else { return place.source }
    let words = "\(place.source):\(line)"
    guard let preset, place.source.utf8.elementsEqual("\(preset.name).policy".utf8) else {
      return words
    }
    let newline = UInt8(ascii: "\n")
    let lines = preset.text.split(separator: newline, omittingEmptySubsequences: false)
    guard line > 0, line <= lines.count else { return words }
    return "\(words): \(String(decoding: Array(lines[line - 1]), as: UTF8.self))"
  }
}

extension Plan {
  /// The capabilities that the command gives up, as bits; 0 for none.
  var dropped: UInt64 {
    for case .capabilities(let dropped) in layers { return dropped.bits }
    return 0
  }
}
