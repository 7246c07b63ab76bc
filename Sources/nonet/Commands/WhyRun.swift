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
    let oracle = confined.program
    filters = confined.filter?.chain
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
    let type = UInt64(isStream ? SocketType.stream : SocketType.datagram)
    let family = UInt64(isVersion6 ? AF_INET6 : AF_INET)
    if let refusal = refusal("socket", [family, type, 0]) { return refusal }
    let call = isStream ? "connect" : "sendto"
    if let refusal = refusal(call, isStream ? Self.connect : Self.send) { return refusal }
    if hasNamespace { return .ownNetwork(endpoint, otherwise: Errno(number: ENETUNREACH)) }
    if isStream, plan.layers.contains(.landlock(.tcp)) {
      return .refused(.landlock, .eacces, "its domain refuses TCP")
    }
    return .letThrough(
      .outside, .filter, "the policy allows it", rule: rule("socket", [family, type, 0]))
  }

  private func listen(_ endpoint: Endpoint, isVersion6: Bool) -> WhyAnswer {
    if supplied != nil, network == nil {
      return .refused(
        .supervisor, options.errno, "no server can be had with a supervisor's sockets")
    }
    let type = UInt64(SocketType.stream)
    let family = UInt64(isVersion6 ? AF_INET6 : AF_INET)
    if let refusal = refusal("socket", [family, type, 0]) { return refusal }
    if let refusal = refusal("bind", Self.connect) { return refusal }
    if let refusal = refusal("listen", [3, 16]) { return refusal }
    if hasNamespace { return .ownNetwork(endpoint, otherwise: Errno(named: "EADDRNOTAVAIL")) }
    if plan.layers.contains(.landlock(.tcp)) {
      return .refused(.landlock, .eacces, "its domain refuses TCP")
    }
    return .letThrough(
      .outside, .filter, "the policy allows it", rule: rule("socket", [family, type, 0]))
  }

  // AF_UNIX ----------------------------------------------------------------------------------------

  private func path(_ path: [UInt8]) -> WhyAnswer {
    if let refusal = unixSocket { return refusal }
    guard let unix else {
      if let refusal = refusal("connect", Self.connect) { return refusal }
      return .letThrough(
        .outside, .filter, "the policy allows it", rule: rule("connect", Self.connect))
    }
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

  private func abstract(_ name: [UInt8]) -> WhyAnswer {
    if let refusal = unixSocket { return refusal }
    if hasNamespace {
      if network == nil, let refusal = refusal("connect", Self.connect) { return refusal }
      return .ownAbstractNames
    }
    guard let unix else {
      if let refusal = refusal("connect", Self.connect) { return refusal }
      for case .landlock(.scopes) in plan.layers {
        return .refused(.landlock, .eperm, "its domain cuts abstract names outside off")
      }
      return .letThrough(
        .outside, .filter, "the policy allows it", rule: rule("connect", Self.connect))
    }
    if unix.allowsInside,
      inodeOfListener(at: [UInt8(ascii: "@")] + name, near: OwnProcess.number) == nil
    {
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
        || refusal("socket", [UInt64(family), UInt64(type), 0]) == nil
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
