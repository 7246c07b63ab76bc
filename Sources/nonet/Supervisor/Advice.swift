/// The smallest option with which an attempt would have gone on.
enum Advice: Equatable {
  /// A server of the command's own, or a client of it.
  case ownListener(String?)
  /// The same, at an address at which somebody outside may be meant to connect.
  case ownServer(String)
  /// TCP to an address of this machine.
  case outside(String)
  /// A socket with a path that a process of the run listens on.
  case ownSocket([UInt8])
  /// A socket with a path that somebody outside listens on.
  case namedSocket([UInt8])
  /// What brings up `lo` in a network namespace that the command made.
  case ownNetwork

  /// For a person: what it is, and the option.
  var words: String {
    switch self {
    case .ownListener(nil): "a listener of its own: try --loopback"
    case .ownListener(let address?): "a listener of its own on \(address): try --loopback"
    case .ownServer(let address):
      "a listener of its own on \(address): try --loopback, or --allow-listen \(address) for who is outside"
    case .outside(let address): "\(address) outside: try --allow-connect \(address)"
    case .ownSocket(let path):
      "its own socket \(String(decoding: safe(path), as: UTF8.self)): try --allow-unix inside"
    case .namedSocket(let path):
      "\(String(decoding: safe(path), as: UTF8.self)) outside: try --allow-unix \(String(decoding: safe(path), as: UTF8.self))"
    case .ownNetwork: "a network namespace of its own: try --loopback"
    }
  }
}

/// Finds advice for refused attempts, under `default` alone: only there the options lead on.
struct Adviser {
  private let suppliesSockets: Bool
  /// Ports that something inside wanted to listen on.
  private var ownPorts: [UInt16] = []
  /// So many attempts are looked at, and so many paths: a storm must not become slower for it.
  private var attempts = 256
  private var paths = 4

  /// - Parameters:
  ///   - suppliesSockets: Whether the command has IP sockets, so that it says where to.
  ///   - allowsInside: Whether sockets of its own are within reach already.
  init(suppliesSockets: Bool, allowsInside: Bool) {
    self.suppliesSockets = suppliesSockets
    if allowsInside { paths = 0 }
  }

  /// Looks at an attempt that is about to be refused.
  ///
  /// - Parameters:
  ///   - call: The call.
  ///   - kind: Its kind.
  ///   - evidence: What it points at.
  ///   - thread: Who waits.
  ///   - supervisor: From whom the run's processes descend.
  /// - Returns: `nil` where no option is known to help.
  mutating func advice(
    _ call: Call, _ kind: CallKind, _ evidence: Evidence, by thread: pid_t, below supervisor: pid_t
  ) -> Advice? {
    guard attempts > 0 else { return nil }
    attempts -= 1
    let address = evidence.address.flatMap { SocketAddress($0) }
    switch (kind, address) {
    case (.socket, _):
      let family = CInt(truncatingIfNeeded: call.word(0))
      let isNetwork = family == AF_INET || family == AF_INET6 || family == AF_NETLINK
      return isNetwork && hasOtherNetwork(thread) ? .ownNetwork : nil
    case (.listen, _): return suppliesSockets ? .ownListener(nil) : nil
    case (.bind, .internet(_, let port, let isVersion6)?):
      guard suppliesSockets, port != 0, let address else { return nil }
      ownPorts.append(port)
      let words = String(decoding: address.label, as: UTF8.self)
      // An address of the machine's itself is a server's for others as well.
      let isHere = evidence.address.map { Self.isLoopback($0, isVersion6: isVersion6) } ?? false
      return isHere ? .ownServer(words) : .ownListener(words)
    case (.connect, .internet(_, let port, let isVersion6)?):
      guard suppliesSockets, let bytes = evidence.address, let address else { return nil }
      let words = String(decoding: address.label, as: UTF8.self)
      if ownPorts.contains(port) { return .ownListener(words) }
      let isHere = Self.isLoopback(bytes, isVersion6: isVersion6)
      guard isHere, port != 0, let process = ThreadStatus(of: thread)?.process else { return nil }
      let socket = NetworkPeer(of: CInt(bitPattern: call.word(0)), in: thread, process)
      return socket?.isStream ?? false ? .outside(words) : nil
    case (.connect, .unix(let name, isAbstract: false)?):
      guard paths > 0 else { return nil }
      paths -= 1
      return isListening(at: name, near: thread, below: supervisor) ? .ownSocket(name) : nil
    case _: return nil
    }
  }

  private static func isLoopback(_ bytes: [UInt8], isVersion6: Bool) -> Bool {
    isVersion6 ? bytes[8..<23].allSatisfy { $0 == 0 } && bytes[23] == 1 : bytes[4] == 127
  }
}
