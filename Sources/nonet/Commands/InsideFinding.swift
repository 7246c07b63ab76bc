/// What `--inside` and `--check` say of this process, found out by trying: what the environment says is only a hint.
///
/// Sockets are made and closed again, nothing is connected, and the open descriptors are looked at.
struct InsideFinding {
  let isConfined: Bool
  /// What was seen.
  let text: String

  /// What keeps this process from IP.
  private enum Hold {
    /// No socket can be made, and what the first one answers.
    case filter(CInt)
    /// All sockets are another network's.
    case supervisor
    /// There is no interface but `lo`.
    case network

    var refusal: CInt? {
      if case .filter(let number) = self { number } else { nil }
    }

    var words: String {
      switch self {
      case .filter(let number): "is confined: socket(AF_INET) answers \(errorText(number))"
      case .supervisor:
        "is confined: its IP sockets are made by a supervisor, in a network without any way, and connect only "
          + "to what was allowed"
      case .network: "has no network but lo, and no socket was found that leads out of it"
      }
    }
  }

  /// Why it is not known that this process is confined.
  private enum Doubt: Error {
    /// What leads out.
    case open(String)
    /// What could not be found out.
    case unknown(String)
  }

  /// Tries.
  init() {
    let hint =
      environmentValue("NONET").map { "; NONET=\(String(decoding: $0, as: UTF8.self))" } ?? ""
    do throws(Doubt) {
      let hold = try Self.hold()
      try Self.tryOthers(hold)
      try Self.lookAtDescriptors(hold)
      (isConfined, text) = (true, hold.words + hint)
    } catch {
      isConfined = false
      switch error {
      case .open(let words): text = "is not confined: \(words)\(hint)"
      case .unknown(let words): text = "is not known to be confined: \(words)\(hint)"
      }
    }
  }

  private static func hold() throws(Doubt) -> Hold {
    let usual = IPTrial.here
    if case .open(let kind) = usual { return try loopbackAlone(kind) }
    if case .unknown(let error) = usual { throw unknown(error) }
    switch IPTrial.rare {
    case .open(let kind): return try loopbackAlone(kind)
    case .unknown(let error): throw unknown(error)
    case .supplied: return .supervisor
    case .refused:
      if case .refused(let number) = usual { return .filter(number) }
      return .supervisor
    }
  }

  /// That nothing but the network holds this process, which can make a socket of IP.
  private static func loopbackAlone(_ kind: SocketKind) throws(Doubt) -> Hold {
    guard let interfaces = Here.interfaces else {
      throw .unknown(made(kind) + ", and which interfaces there are could not be asked")
    }
    if interfaces != ["lo"] { throw .open(made(kind)) }
    return .network
  }

  private static func tryOthers(_ hold: Hold) throws(Doubt) {
    if let kind = try other(hold, heldByNetworks: false) { throw .open(made(kind)) }
    if case .network = hold { return }
    if let kind = try other(hold, heldByNetworks: true) { _ = try loopbackAlone(kind) }
  }

  private static func other(
    _ hold: Hold, heldByNetworks: Bool
  ) throws(Doubt) -> SocketKind? {
    do throws(SystemError) {
      return try SocketTrial.otherFamily(heldByNetworks: heldByNetworks, refusal: hold.refusal)
    } catch {
      throw unknown(error)
    }
  }

  // Descriptors ------------------------------------------------------------------------------------

  private static func lookAtDescriptors(_ hold: Hold) throws(Doubt) {
    var found: ForbiddenDescriptor?
    do throws(SystemError) {
      for number in try [0, 1, 2] + openDescriptors() where found == nil {
        let kind = try kind(of: number)
        if try leadsOut(number, kind, hold) {
          found = ForbiddenDescriptor(number: number, kind: kind)
        }
      }
    } catch {
      throw unknown(error)
    }
    guard let found else { return }
    let words = found.description + (isConnected(found.number) ? ", connected" : "")
    if case .secretSocket = found.kind { throw .unknown(words) }
    throw .open(words)
  }

  private static func leadsOut(
    _ number: CInt, _ kind: DescriptorKind, _ hold: Hold
  ) throws(SystemError) -> Bool {
    switch kind {
    case .closed, .program, .nameless, .folder, .other: return false
    case .secretSocket, .ring, .device: return true
    case .socket(let family, _):
      if SocketTrial.isLocal(family) { return false }
      guard let own = try Here.network(), let other = network(of: number) else { return true }
      switch hold {
      case .filter: return true
      // One that is not connected leads nowhere: it is of a network without any way.
      case .supervisor: return own == other || isConnected(number)
      case .network: return own != other || !SocketTrial.isHeldByNetwork(family)
      }
    }
  }

  // Words ------------------------------------------------------------------------------------------

  private static func made(_ kind: SocketKind) -> String {
    let names = SocketNames()
    let family = names.family(kind.family)
    let number = kind.number == 0 ? "" : ", protocol \(kind.number)"
    return "sockets of \(family) can be made (\(names.type(kind.type))\(number))"
  }

  private static func unknown(_ error: SystemError) -> Doubt {
    .unknown("\(error.call): \(error.reason)")
  }
}
