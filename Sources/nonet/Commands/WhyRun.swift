internal import BPFAssembler

/// A run that does not take place: what its layers would answer.
///
/// It is prepared as a run is, so that what a run refuses is refused here by the same words.
struct WhyRun {
  private let options: Options
  private let chosen: ChosenPolicy
  private let filters: FilterChain?
  private let plan: Plan
  /// What a supervisor decides of a network of the command's own.
  private let network: PrivateNetwork?
  /// What a supervisor connects AF_UNIX sockets to.
  private let unix: UnixAllowance?
  /// What Landlock holds of AF_UNIX, without a supervisor.
  private let held: HeldSockets?
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
    var quiet = options
    quiet.isQuiet = true
    if let read = confined.chosen { chosen = read } else { chosen = try ChosenPolicy(quiet) }
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

  // AF_UNIX ----------------------------------------------------------------------------------------

  private func path(_ path: [UInt8]) -> WhyAnswer {
    if let held { return self.path(path, held) }
    guard let unix else {
      let (refused, way) = unixOutcome(path)
      return refused ?? allowed(way)
    }
    if let refusal = unixSocket { return refusal }
    let file: PinnedFile
    do throws(SystemError) {
      file = try PinnedFile(path)
    } catch {
      if unix.allowsInside {
        return .letThrough(.inside, .supervisor, "once a process of the run listens there")
      }
      return .refused(.supervisor, nil, "nothing is there, and --allow-unix does not name it")
    }
    if unix.names(file) { return .letThrough(.outside, .supervisor, "--allow-unix names it") }
    if unix.folder(of: file) != nil {
      return .letThrough(
        .outside, .supervisor, "--allow-unix names its folder, if its server bound it there")
    }
    return .refused(
      .supervisor, unixRefusal,
      unix.allowsInside
        ? "no process of the run listens there, and --allow-unix does not name it"
        : "--allow-unix does not name it")
  }

  private func path(_ path: [UInt8], _ held: HeldSockets) -> WhyAnswer {
    if let refused = unixOutcome(path).refused { return refused }
    do throws(SystemError) {
      let file = try PinnedFile(path)
      if held.names(file) { return .letThrough(.outside, .landlock, "--allow-unix names it") }
    } catch {
      return .letThrough(.inside, .landlock, "once a process of the run makes a socket there")
    }
    return .refused(
      .landlock, .eacces, "no process of the run made it, and --allow-unix does not name it")
  }

  private func abstract(_ name: [UInt8]) -> WhyAnswer {
    let label = [UInt8(ascii: "@")] + name
    if hasNamespace {
      if network == nil, let refused = unixOutcome(label).refused { return refused }
      return .ownAbstractNames
    }
    let bound = unixSockets(named: label, near: OwnProcess.number)
    guard let unix else {
      let (refused, way) = unixOutcome(label)
      if let refused { return refused }
      if plan.cutsAbstractNames {
        // The kernel looks for the name first (unix_stream_connect in net/unix).
        return !bound.isEmpty
          ? .refused(.landlock, .eperm, "its domain cuts abstract names outside off")
          : .letThrough(
            .inside, .landlock, "once a process of the run listens there; names outside are cut off"
          ).by(way)
      }
      return allowed(way)
    }
    if let refusal = unixSocket { return refusal }
    if unix.allowsInside, !bound.contains(where: { $0 != SocketType.datagram }) {
      return .letThrough(.inside, .supervisor, "once a process of the run listens there")
    }
    return .refused(.supervisor, unixRefusal, "no process of the run listens there")
  }

  /// Why no stream socket can be made; `nil` where one can.
  private var unixSocket: WhyAnswer? {
    if network?.makes(SocketType.stream) ?? false { return nil }
    return refusal("socket", [UInt64(AF_UNIX), UInt64(SocketType.stream), 0])
  }

  private var unixRefusal: Errno? { network.flatMap { Errno(number: $0.refusal) } ?? options.errno }

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
  private static let connect: [UInt64] = [3, pointer, 16]
  private static let send: [UInt64] = [3, pointer, 1, 0, pointer, 16]

  private var hasNamespace: Bool { plan.layers.contains(.namespace) }

  private static let fastOpen: UInt64 = 0x2000_0000
  private static let streamCalls: [(name: String, arguments: [UInt64], words: String)] = [
    ("connect", connect, "connect"),
    ("sendto", [3, pointer, 1, fastOpen, pointer, 16], "sendto with MSG_FASTOPEN"),
    ("sendmsg", [3, pointer, fastOpen], "sendmsg with MSG_FASTOPEN"),
    ("sendmmsg", [3, pointer, 1, fastOpen], "sendmmsg with MSG_FASTOPEN"),
  ]
  private static let datagramCalls: [(name: String, arguments: [UInt64], words: String)] = [
    ("sendto", send, "sendto"), ("connect", connect, "connect and write"),
    ("sendmsg", [3, pointer, 0], "sendmsg"), ("sendmmsg", [3, pointer, 1, 0], "sendmmsg"),
  ]

  /// The refusal where no way is open, as the usual calls meet it; else the way, `nil` without a filter.
  private func outcome(_ wish: WhyWays.Wish) -> (refused: WhyAnswer?, way: WhyWays.Way?) {
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

  private func way(_ wish: WhyWays.Wish) -> WhyWays.Way? {
    filters.flatMap { WhyWays(filters: $0).way(wish) }
  }

  /// Asks about sockets of AF_UNIX, of the type of what is bound there, or of any.
  ///
  /// - Parameter label: A path, or an abstract name behind an `@`.
  /// - Returns: The refusal where none gets there, as the usual calls meet it; else the way.
  private func unixOutcome(_ label: [UInt8]) -> (refused: WhyAnswer?, way: WhyWays.Way?) {
    if filters == nil { return (nil, nil) }
    let bound = unixSockets(named: label, near: OwnProcess.number)
    let wishes = Self.unixWishes.filter { bound.isEmpty || bound.contains($0.wish.type) }
    for (index, (wish, words)) in wishes.enumerated() {
      guard let found = way(wish) else { continue }
      if index == 0, found.isUsual {
        // What decides about AF_UNIX is connect.
        let call = wish.calls[0]
        return (
          nil,
          WhyWays.Way(
            words: found.words, name: call.name, arguments: call.arguments, isUsual: true)
        )
      }
      // io_uring has its own way there, whatever the type.
      let isSocket = found.name.utf8.elementsEqual("socket".utf8)
      if isSocket || index == wishes.count - 1 {
        let prefix = isSocket && index > 0 ? "\(words): " : ""
        return (
          nil,
          WhyWays.Way(
            words: prefix + found.words, name: found.name, arguments: found.arguments,
            isUsual: false)
        )
      }
    }
    guard let first = wishes.first else { return (nil, nil) }
    return outcome(first.wish)
  }

  /// How a program gets to a socket of each type, streams first.
  private static let unixWishes: [(wish: WhyWays.Wish, words: String)] = [
    (wish(SocketType.stream, [("connect", connect, "connect")]), "SOCK_STREAM"),
    (wish(SocketType.sequence, [("connect", connect, "connect")]), "SOCK_SEQPACKET"),
    (wish(SocketType.datagram, datagramCalls), "SOCK_DGRAM"),
  ]

  private static func wish(
    _ type: UInt32, _ calls: [(name: String, arguments: [UInt64], words: String)]
  ) -> WhyWays.Wish {
    WhyWays.Wish(family: UInt32(AF_UNIX), type: type, calls: calls)
  }

  private func allowed(_ way: WhyWays.Way?) -> WhyAnswer {
    guard let way else { return .letThrough(.outside, .filter, "the policy allows it") }
    return .letThrough(
      .outside, .filter,
      way.isUsual ? "the policy allows it" : "not by the usual call, but by \(way.words)",
      rule: rule(way.name, way.arguments))
  }

  /// What the filter answers to a call that it does not let through; `nil` for one that it does.
  private func refusal(_ name: String, _ arguments: [UInt64]) -> WhyAnswer? {
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
