internal import BPFAssembler

/// Why a layer could not be applied; the command must not run then.
enum LayerError: Error {
  case system(Plan.Layer, SystemError)
  case namespace(NamespaceError)
  case forbidden(ForbiddenDescriptor)
}

/// Applies the layers of a plan, one after the other.
struct Enforcement {
  let plan: Plan
  /// The filters, where the plan has any.
  let filter: ProvenFilter?
  let sockets: InheritedSockets
  /// Whose network the command shares; `nil` for one of its own.
  var session: Session?
  /// The ruleset of a domain that holds AF_UNIX sockets, with its rules, where the plan has such a domain.
  var ruleset: LandlockRuleset?
  /// Sockets that stay open although no command may have them: whoever made them closes them before it begins.
  var spared: [CInt] = []
  /// Told of each layer once it is in force, with what it did; `nil` where nobody wants to know.
  let report: ((_ layer: Plan.Layer, _ detail: String) -> Void)?

  /// Applies all layers.
  ///
  /// - Throws: The layer that could not be applied; others may be in force then, and no caller goes on.
  func apply() throws(LayerError) {
    try applyShared()
    try applyOwn()
  }

  /// Applies the layers that hold a supervisor as well as its command.
  func applyShared() throws(LayerError) {
    try apply(plan.layers.filter { !$0.isCommandsOwn })
    do throws(SystemError) {
      if plan.layers.contains(where: { $0.isCommandsOwn }) { try setNoNewPrivileges() }
    } catch {
      throw .system(plan.layers.first { $0.isCommandsOwn } ?? .descriptors, error)
    }
  }

  /// Applies the layers that must not hold a supervisor: Landlock and the filter.
  func applyOwn() throws(LayerError) {
    try apply(plan.layers.filter { $0.isCommandsOwn })
  }

  /// The rights that the plan's Landlock domain handles, where it has one.
  var landlock: (handledNet: UInt64, scoped: UInt64)? {
    for layer in plan.layers {
      if case .landlock(let domain) = layer {
        return (domain.rights.network, domain.rights.scopes)
      }
    }
    return nil
  }

  /// Tells of the layers that a supervised child has applied to itself.
  func reportChildLayers() {
    for layer in plan.layers {
      switch layer {
      case .landlock(let domain): report?(layer, Self.words(domain))
      case .seccomp: report?(layer, "\(words(filter)), supervised")
      case .capabilities(let dropped): report?(layer, Self.words(dropped))
      case .descriptors, .namespace, .users, .settings, .python: continue
      }
    }
  }

  private func apply(_ layers: [Plan.Layer]) throws(LayerError) {
    for layer in layers {
      // Not in the call of `report`: where that is nil, its arguments are not evaluated.
      let detail =
        switch layer {
        case .descriptors: try closeDescriptors()
        case .namespace: try enterNamespace()
        case .users: try enterUsers()
        case .settings: try closeAllSettings()
        case .capabilities(let dropped): try drop(dropped)
        case .landlock(let domain): try enter(domain)
        case .seccomp: try install(layer)
        // The interpreter applies this one, as the first thing that it does.
        case .python: "an audit hook inside the interpreter"
        }
      report?(layer, detail)
    }
  }

  private func closeDescriptors() throws(LayerError) -> String {
    for number: CInt in 0...2 { try checkStandard(number) }
    var closed: [String] = []
    do throws(SystemError) {
      let own = spared + (ruleset.map { [$0.number] } ?? [])
      for number in try openDescriptors() where !own.contains(number) {
        let kind = try kind(of: number)
        if mayStay(kind) { continue }
        try closeDescriptor(number)
        // Finding the family's name takes longer than closing the socket.
        if report == nil { continue }
        closed.append(ForbiddenDescriptor(number: number, kind: kind).description)
      }
    } catch {
      throw .system(.descriptors, error)
    }
    return closed.isEmpty ? "none led outside" : "closed: " + closed.joined(separator: ", ")
  }

  private func checkStandard(_ number: CInt) throws(LayerError) {
    let found: DescriptorKind
    do throws(SystemError) {
      found = try kind(of: number)
    } catch {
      throw .system(.descriptors, error)
    }
    switch found {
    case .closed, .other: return
    case .socket(let domain, let type) where sockets.keepAsStandard(domain: domain, type: type):
      return
    case .folder where mayStay(found): return
    case .socket, .secretSocket, .ring, .device, .program, .nameless, .folder:
      throw .forbidden(ForbiddenDescriptor(number: number, kind: found))
    }
  }

  private func mayStay(_ kind: DescriptorKind) -> Bool {
    switch kind {
    case .closed, .other: true
    // Beside the layer of settings: what is read-only there is not in the mounts in which it was opened.
    case .folder: !plan.layers.contains(.settings)
    case .socket(let domain, let type): sockets.keep(domain: domain, type: type)
    case .secretSocket, .ring, .device, .program, .nameless: false
    }
  }

  private func enterNamespace() throws(LayerError) -> String {
    if let session { return try session.enter() }
    do throws(NamespaceError) {
      if !plan.isInNamespace { try enterNetworkNamespace() }
    } catch {
      throw .namespace(error)
    }
    return "a network of its own with 127.0.0.1 and ::1"
  }

  private func enterUsers() throws(LayerError) -> String {
    do throws(NamespaceError) {
      try enterUserNamespace()
    } catch {
      throw .namespace(error)
    }
    return "memory of processes outside cannot be opened"
  }

  private func closeAllSettings() throws(LayerError) -> String {
    do throws(SystemError) {
      return "the kernel's settings are read-only (\(try closeSettings()) mounts)"
    } catch {
      throw .system(.settings, error)
    }
  }

  private func drop(_ dropped: Privileges) throws(LayerError) -> String {
    do throws(SystemError) {
      try dropCapabilities(dropped.bits)
    } catch {
      throw .system(.capabilities(dropped), error)
    }
    return Self.words(dropped)
  }

  private static func words(_ dropped: Privileges) -> String {
    "given up: \(dropped.names.joined(separator: ", "))"
  }

  /// The capabilities that the command gives up, as bits; 0 for none.
  var dropped: UInt64 {
    for layer in plan.layers {
      if case .capabilities(let dropped) = layer { return dropped.bits }
    }
    return 0
  }

  private func enter(_ domain: Plan.LandlockDomain) throws(LayerError) -> String {
    do throws(SystemError) {
      let ruleset = try domain.holdsSockets ? self.ruleset : LandlockRuleset(domain.rights)
      // A plan with such a domain comes with its ruleset; without one nothing may run.
      guard let ruleset else { throw SystemError(call: "landlock_restrict_self", number: EINVAL) }
      try ruleset.enter()
    } catch {
      throw .system(.landlock(domain), error)
    }
    return Self.words(domain)
  }

  private static func words(_ domain: Plan.LandlockDomain) -> String {
    switch domain {
    case .sockets(allowsSignals: false, _):
      "processes outside cannot be traced or signalled, and AF_UNIX sockets outside are refused; so are mounts"
    case .sockets(allowsSignals: true, _):
      "processes outside cannot be traced, and AF_UNIX sockets outside are refused; so are mounts"
    case .scopes(allowsSignals: false):
      "processes outside cannot be traced or signalled, abstract sockets outside are cut off"
    case .scopes(allowsSignals: true):
      "processes outside cannot be traced, abstract sockets outside are cut off"
    case .tcp: "processes outside cannot be traced, TCP is refused"
    }
  }

  private func words(_ filter: ProvenFilter?) -> String {
    let count = filter?.count ?? 0
    return "\(filter?.instructionCount ?? 0) instructions for \(Architecture.host)"
      + (count > 1 ? " in \(count) filters" : "")
  }

  private func install(_ layer: Plan.Layer) throws(LayerError) -> String {
    // A plan with a filter layer comes with a filter; without one nothing may run.
    guard let filter else {
      throw .system(layer, SystemError(call: "seccomp", number: EINVAL))
    }
    let filters = filter.filters
    do throws(SystemError) {
      // Nothing but seccomp(2) is called between them, and only the last may refuse that.
      for filter in filters { try installFilter(filter) }
    } catch {
      throw .system(layer, error)
    }
    return report == nil ? "" : words(filter)
  }
}

extension Plan.Layer {
  /// Whether the layer may hold the command alone: inside the same Landlock domain it could
  /// trace its supervisor, a supervisor behind the filter would ask itself, and one without
  /// capabilities could be traced by a command that has as many.
  fileprivate var isCommandsOwn: Bool {
    switch self {
    case .capabilities, .landlock, .seccomp: true
    case .descriptors, .namespace, .users, .settings, .python: false
    }
  }
}

extension Plan.LandlockDomain {
  /// The Landlock ABI that has LANDLOCK_ACCESS_FS_RESOLVE_UNIX (Linux 7.1).
  static let firstForSockets = 9

  fileprivate var holdsSockets: Bool {
    if case .sockets = self { return true }
    return false
  }

  /// landlock.h: LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET, _SIGNAL; LANDLOCK_ACCESS_NET_BIND_TCP, _CONNECT_TCP.
  var rights: LandlockRights {
    switch self {
    case .sockets(let allowsSignals, let refusesTCP):
      LandlockRights(
        files: LandlockRights.resolvingUnix | LandlockRights.referring,
        network: refusesTCP ? 3 : 0, scopes: allowsSignals ? 1 : 3)
    case .scopes(let allowsSignals): LandlockRights(scopes: allowsSignals ? 1 : 3)
    case .tcp: LandlockRights(network: 3)
    }
  }
}
