internal import BPFAssembler

/// What the run around this process would let through, found out as far as that does no harm: sockets are made
/// and closed again, and connect is asked about a descriptor that is none.
///
/// Which options the run has is not told in here: `NONET` names the policy and the layers, and is a hint.
struct WhyInside {
  /// The preset that the run has as it stands, and its text; `nil` where it may be another policy.
  private let preset: Preset?
  private let policy: ChosenPolicy?
  private let hasOwnNetwork: Bool
  /// The values of the run's `--allow-unix`, as far as they have no comma.
  private let allowedUnix: [[UInt8]]
  /// What the run's `--allow-connect` names; `nil` where it has none.
  private let endpoints: [AllowedEndpoints]?

  /// What the run's `--allow-listen` names.
  private let listens: [Options.Listen]

  /// Whether there is such a run: it said so, and a filter holds this process or nothing is in its network.
  ///
  /// Not whether sockets are refused: some runs have sockets of a supervisor's.
  static var isHere: Bool {
    environmentValue("NONET") != nil && (Here.isConfined || OwnStatus()?.seccompMode == 2)
  }

  /// Reads what is known of the run.
  ///
  /// - Parameter options: How much is to be said.
  /// - Throws: What is wrong with a preset.
  init(_ options: Options) throws(Failure) {
    let hint = environmentValue("NONET") ?? []
    let colon = hint.lastIndex(of: UInt8(ascii: ":")) ?? hint.count
    let name = hint[..<colon]
    let layers = hint[colon...].dropFirst().split(separator: UInt8(ascii: "+"))
    let base = name.prefix { $0 != UInt8(ascii: "+") }
    preset = Preset.allCases.first { $0.name.utf8.elementsEqual(base) }
    allowedUnix = Self.values(of: "+allow-unix(", in: Array(name))
    endpoints = try Self.endpoints(Self.values(of: "+allow-connect(", in: Array(name)))
    let listening = ["+allow-listen(", "+allow-listen-any("].flatMap {
      Self.values(of: $0, in: Array(name))
    }
    listens = try Self.read(listening, .allowListen).listens
    hasOwnNetwork =
      layers.contains { $0.elementsEqual("namespace".utf8) } && Here.interfaces == ["lo"]
    let read = Options()
    read.isQuiet = true
    if let preset { read.policy = .preset(preset) }
    policy = preset == nil ? nil : try ChosenPolicy(read)
  }

  /// The values of an option in the mark that it leaves behind the policy's name; ports and ranges stand behind the
  /// address before them.
  private static func values(of mark: String, in name: [UInt8]) -> [[UInt8]] {
    let mark = Array(mark.utf8)
    guard name.count > mark.count,
      let start = (0...(name.count - mark.count)).first(where: { name[$0...].starts(with: mark) })
    else { return [] }
    let inner = name[(start + mark.count)...].prefix { $0 != UInt8(ascii: ")") }
    return inner.split(separator: UInt8(ascii: ",")).map { Array($0) }
  }

  private static func endpoints(_ values: [[UInt8]]) throws(Failure) -> [AllowedEndpoints]? {
    if values.isEmpty { return nil }
    return try read(values, .allowConnect).endpoints.map {
      AllowedEndpoints(address: Endpoint($0.address, port: 0).address, ports: $0.ports)
    }
  }

  private static func read(_ values: [[UInt8]], _ option: OptionName) throws(Failure) -> Options {
    var words: [[UInt8]] = []
    for value in values {
      if value.contains(UInt8(ascii: ":")) || words.isEmpty {
        words.append(value)
      } else {
        words[words.count - 1] += [UInt8(ascii: ",")] + value
      }
    }
    let given = words.map { Options.Given(name: option, value: Word(copying: $0)) }
    return try OptionParser.options(saying: given, mode: .inside)
  }

  /// What becomes of an attempt.
  ///
  /// - Throws: That this is not known in here.
  func answer(_ target: WhyTarget) throws(Failure) -> WhyAnswer {
    switch target {
    case .connect(let endpoint, let isVersion6, let isStream):
      let type = isStream ? SocketType.stream : SocketType.datagram
      if let refusal = refusal(isVersion6 ? AF_INET6 : AF_INET, type) { return refusal }
      if let endpoints {
        let isAllowed = isStream && endpoints.allow(endpoint)
        if isAllowed || !hasOwnNetwork { return supplied(isAllowed) }
      }
      if isStream, Here.refusesConnect { return connectRefusal }
      return try inOwnNetwork(endpoint, isStream ? .connect : .send)
    case .listen(let endpoint, let isVersion6):
      let family = isVersion6 ? AF_INET6 : AF_INET
      if let refusal = refusal(family, SocketType.stream) { return refusal }
      if endpoints != nil, !hasOwnNetwork { return supplied(false) }
      if hasOwnNetwork, Listening.reaches(endpoint, listens) {
        return .letThrough(
          .outside, .supervisor,
          "the run's --allow-listen names it, so who connects there outside reaches the server inside"
        )
      }
      return try inOwnNetwork(
        endpoint, .listen(mayHaveLowPort: Privileges.mayHaveLowPorts(without: 0)))
    case .path(let path): return try unix(path)
    case .abstract: return try unix(nil)
    case .family(let family): return socket(family)
    }
  }

  private func supplied(_ isAllowed: Bool) -> WhyAnswer {
    isAllowed
      ? .letThrough(.outside, .supervisor, "the run's --allow-connect names it")
      : .refused(.supervisor, nil, "the run's --allow-connect does not name it")
  }

  private func inOwnNetwork(_ endpoint: Endpoint, _ use: WhyUse) throws(Failure) -> WhyAnswer {
    guard hasOwnNetwork else {
      throw unknown("its sockets are a supervisor's, or its policy lets them be made")
    }
    return .ownNetwork(endpoint, use)
  }

  // Without a path it is about an abstract name.
  private func unix(_ path: [UInt8]?) throws(Failure) -> WhyAnswer {
    if let refusal = refusal(AF_UNIX, SocketType.stream) { return refusal }
    if path == nil, hasOwnNetwork {
      return .ownAbstractNames
    }
    if Here.refusesConnect {
      return connectRefusal
    }
    // A supervisor lets no datagram sockets be made; Landlock holds them as it does others.
    let isHeld =
      preset != nil && preset != .unix && refusal(AF_UNIX, SocketType.datagram) == nil
    if let path, allowedUnix.contains(path) {
      return .letThrough(
        .outside, isHeld ? .landlock : .supervisor, "the run's --allow-unix names it")
    }
    if isHeld, let path, !fileExists(Word(copying: path).pointer) {
      return .letThrough(.inside, .landlock, "once a process of the run makes a socket there")
    }
    throw unknown(
      isHeld
        ? "whether a process of the run made that socket is known to the kernel alone"
        : "a supervisor, or its policy, lets some AF_UNIX sockets be connected")
  }

  private var connectRefusal: WhyAnswer {
    .refused(.filter, nil, "connect is refused in here", rule: rule("connect", [3, 4096, 16]))
  }

  private func socket(_ family: UInt32) -> WhyAnswer {
    let types = WhyTarget.socketTypes(of: family)
    let number = CInt(bitPattern: family)
    let open = types.filter { refusal(number, $0) == nil }
    guard let first = open.first else {
      return refusal(number, types[0]) ?? .refused(.filter, nil, "it is refused in here")
    }
    let names = SocketNames()
    return .letThrough(
      hasOwnNetwork ? .inside : .outside, .filter,
      "such a socket can be made in here, of "
        + open.map { names.type($0) }.joined(separator: " and "),
      rule: rule("socket", [UInt64(family), UInt64(first), 0]))
  }

  /// What making a socket answers in here; `nil` where it can be made.
  private func refusal(_ family: CInt, _ type: UInt32) -> WhyAnswer? {
    guard let number = Here.refusal(ofSocket: family, type) else { return nil }
    return .refused(
      .filter, Errno(number: number), "such a socket cannot be made in here",
      rule: rule("socket", [UInt64(UInt32(bitPattern: family)), UInt64(type), 0]))
  }

  private func rule(_ name: String, _ arguments: [UInt64]) -> String? {
    policy?.rule(for: name, arguments, in: preset)
  }

  private func unknown(_ reason: String) -> Failure {
    let hint = environmentValue("NONET").map { String(decoding: $0, as: UTF8.self) } ?? ""
    return .refused(
      "--why: this is inside a run of nonet (\(hint)) whose options are not known here: \(reason); ask "
        + "outside, with the options of that run")
  }
}
