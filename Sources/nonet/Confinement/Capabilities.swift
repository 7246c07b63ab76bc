internal import BPFAssembler

/// How it is found out whether a private network namespace can be entered.
enum NamespaceTrial {
  case none
  /// In a child that then goes away.
  case inChild
  /// By entering it, half the time; only where nothing else is left to do when that fails half-way.
  case inPlace
}

/// What this machine can confine with, found out without confining anything.
struct Capabilities: Equatable {
  /// Whether a private network namespace can be entered.
  enum Namespace: Equatable {
    /// Not tried: trying costs a process, and nothing asked for it.
    case untried
    case works
    /// Tried in place: this process is inside now.
    case entered
    case fails(NamespaceError)

    /// Whether a command can be in one.
    var isUsable: Bool { self == .works || self == .entered }

    init(_ probe: () throws(NamespaceError) -> Void) {
      do throws(NamespaceError) {
        try probe()
        self = .works
      } catch {
        self = .fails(error)
      }
    }
  }

  /// Why the kernel, or what answers for it, takes no filter.
  enum SeccompObstacle: Equatable {
    case kernel, outerFilter, emulator, unknown

    /// Looks at this process: the kernel says which mode it is in, an emulator passes that on.
    static var here: SeccompObstacle {
      guard let status = OwnStatus() else { return .unknown }
      return switch status.seccompMode {
      case nil: .kernel
      case 2: .outerFilter
      case _: status.countsFilters ? .emulator : .unknown
      }
    }
  }

  /// Why no filter can be installed; `nil` where one can.
  var seccompFailure: SystemError?
  /// What keeps filters away then, as far as it can be seen.
  var seccompObstacle = SeccompObstacle.unknown
  /// The Landlock ABI, 0 for none.
  var landlockABI: Int
  var namespace: Namespace
  /// Whether a user namespace can be entered without one of the network.
  var users = Namespace.untried
  /// The capabilities that this process may use.
  var privileges = Privileges.none
  /// Whether this process is user 0, who is asked for nothing else where the kernel is set.
  var isUserZero = false
  /// Whether it may indeed set it here.
  var canWriteSettings = false

  /// Looks at the running kernel.
  ///
  /// - Parameters:
  ///   - trial: Says, from what is known so far, whether and how the namespace is tried.
  ///   - triesUsers: The same of the user namespace.
  /// - Returns: What there is.
  /// - Throws: What kept us from knowing.
  static func found(
    trial: (Capabilities) -> NamespaceTrial, triesUsers: (Capabilities) -> Bool
  ) throws(SystemError) -> Capabilities {
    var capabilities = Capabilities(landlockABI: try probeLandlock(), namespace: .untried)
    capabilities.privileges = Privileges(bits: try permittedCapabilities())
    capabilities.isUserZero = nonet.isUserZero
    if capabilities.isUserZero { capabilities.canWriteSettings = try nonet.canWriteSettings() }
    do throws(SystemError) {
      try probeSeccomp(SeccompReturn.errno)
    } catch {
      capabilities.seccompFailure = error
      capabilities.seccompObstacle = .here
    }
    switch trial(capabilities) {
    case .none: break
    case .inChild:
      capabilities.namespace = Namespace { () throws(NamespaceError) in
        try probeNetworkNamespace()
      }
    case .inPlace:
      capabilities.namespace = Namespace { () throws(NamespaceError) in
        try enterNetworkNamespace()
      }
      if capabilities.namespace == .works { capabilities.namespace = .entered }
    }
    if triesUsers(capabilities) {
      capabilities.users = Namespace { () throws(NamespaceError) in try probeUserNamespace() }
    }
    return capabilities
  }
}
