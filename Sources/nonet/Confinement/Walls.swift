internal import BPFAssembler

/// Why a wall did not go up; the command must not run then.
enum WallFailure: Error {
  case system(Plan.Wall, SystemError)
  case namespace(NamespaceFailure)
  case forbidden(ForbiddenDescriptor)
}

/// Puts up the walls of a plan, one after the other.
struct Walls {
  let plan: Plan
  /// The filter, where the plan has one.
  let filter: ProvenFilter?
  let sockets: InheritedSockets
  /// Told of each wall as it stands, with what it did; `nil` where nobody wants to know.
  let report: ((_ wall: Plan.Wall, _ detail: String) -> Void)?

  /// Raises all walls.
  ///
  /// - Throws: The wall that did not go up; others may stand then, and no caller goes on.
  func raise() throws(WallFailure) {
    try raiseShared()
    try raiseOwn()
  }

  /// Raises the walls that a supervisor stands behind together with its command.
  func raiseShared() throws(WallFailure) {
    try raise(plan.walls.filter { !$0.isCommandsOwn })
    do throws(SystemError) {
      if plan.walls.contains(where: { $0.isCommandsOwn }) { try setNoNewPrivileges() }
    } catch {
      throw .system(plan.walls.first { $0.isCommandsOwn } ?? .descriptors, error)
    }
  }

  /// Raises the walls that a supervisor must not stand behind: Landlock and the filter.
  func raiseOwn() throws(WallFailure) {
    try raise(plan.walls.filter { $0.isCommandsOwn })
  }

  /// The rights that the plan's Landlock domain handles, where it has one.
  var landlock: (handledNet: UInt64, scoped: UInt64)? {
    for wall in plan.walls {
      if case .landlock(let domain) = wall { return domain.handledRights }
    }
    return nil
  }

  /// Tells of the walls that a supervised child has raised for itself.
  func reportChildWalls() {
    for wall in plan.walls {
      switch wall {
      case .landlock(let domain): report?(wall, Self.words(domain))
      case .seccomp: report?(wall, "\(words(filter)), supervised")
      case .capabilities(let dropped): report?(wall, Self.words(dropped))
      case .descriptors, .namespace, .users, .settings, .python: continue
      }
    }
  }

  private func raise(_ walls: [Plan.Wall]) throws(WallFailure) {
    for wall in walls {
      // Not in the call of `report`: where that is nil, its arguments are not evaluated.
      let detail =
        switch wall {
        case .descriptors: try closeDescriptors()
        case .namespace: try enterNamespace()
        case .users: try enterUsers()
        case .settings: try closeAllSettings()
        case .capabilities(let dropped): try drop(dropped)
        case .landlock(let domain): try enter(domain)
        case .seccomp: try install(wall)
        // The interpreter raises this one, as the first thing that it does.
        case .python: "an audit hook inside the interpreter"
        }
      report?(wall, detail)
    }
  }

  private func closeDescriptors() throws(WallFailure) -> String {
    for number: CInt in 0...2 { try checkStandard(number) }
    var closed: [String] = []
    do throws(SystemError) {
      for number in try openDescriptors() {
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

  private func checkStandard(_ number: CInt) throws(WallFailure) {
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
    case .socket, .secretSocket, .ring, .device, .program, .nameless:
      throw .forbidden(ForbiddenDescriptor(number: number, kind: found))
    }
  }

  private func mayStay(_ kind: DescriptorKind) -> Bool {
    switch kind {
    case .closed, .other: true
    case .socket(let domain, let type): sockets.keep(domain: domain, type: type)
    case .secretSocket, .ring, .device, .program, .nameless: false
    }
  }

  private func enterNamespace() throws(WallFailure) -> String {
    do throws(NamespaceFailure) {
      if !plan.isInNamespace { try enterNetworkNamespace() }
    } catch {
      throw .namespace(error)
    }
    return "a network of its own with 127.0.0.1 and ::1"
  }

  private func enterUsers() throws(WallFailure) -> String {
    do throws(NamespaceFailure) {
      try enterUserNamespace()
    } catch {
      throw .namespace(error)
    }
    return "memory of processes outside cannot be opened"
  }

  private func closeAllSettings() throws(WallFailure) -> String {
    do throws(SystemError) {
      return "the kernel's settings are read-only (\(try closeSettings()) mounts)"
    } catch {
      throw .system(.settings, error)
    }
  }

  private func drop(_ dropped: Privileges) throws(WallFailure) -> String {
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
    for wall in plan.walls {
      if case .capabilities(let dropped) = wall { return dropped.bits }
    }
    return 0
  }

  private func enter(_ domain: Plan.LandlockDomain) throws(WallFailure) -> String {
    let rights = domain.handledRights
    do throws(SystemError) {
      try enterLandlockDomain(handledNet: rights.handledNet, scoped: rights.scoped)
    } catch {
      throw .system(.landlock(domain), error)
    }
    return Self.words(domain)
  }

  private static func words(_ domain: Plan.LandlockDomain) -> String {
    let also =
      domain == .abstractSockets ? "abstract sockets outside are cut off" : "TCP is refused"
    return "processes outside cannot be traced, \(also)"
  }

  private func words(_ filter: ProvenFilter?) -> String {
    "\(filter?.count ?? 0) instructions for \(Architecture.host)"
  }

  private func install(_ wall: Plan.Wall) throws(WallFailure) -> String {
    // A plan with a filter wall comes with a filter; without one nothing may run.
    guard let filter else {
      throw .system(wall, SystemError(call: "seccomp", number: EINVAL))
    }
    do throws(SystemError) {
      try installFilter(filter.bytes)
    } catch {
      throw .system(wall, error)
    }
    return report == nil ? "" : words(filter)
  }
}

extension Plan.Wall {
  /// Whether only the command may stand behind the wall: inside the same Landlock domain it could
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
  /// landlock.h: LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET; LANDLOCK_ACCESS_NET_BIND_TCP, _CONNECT_TCP.
  fileprivate var handledRights: (handledNet: UInt64, scoped: UInt64) {
    switch self {
    case .abstractSockets: (0, 1)
    case .tcp: (3, 0)
    }
  }
}
