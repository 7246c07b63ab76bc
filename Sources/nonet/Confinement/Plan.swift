/// Which layers are applied to a command, in which order, and why others are not.
///
/// A plan is made from what is asked for and what the machine can do, and from nothing else.
struct Plan: Equatable {
  /// One layer, in the words of `NONET=`.
  enum Layer: Equatable {
    /// Inherited descriptors that lead outside are closed.
    case descriptors
    /// A network namespace with nothing but `lo`.
    case namespace
    /// A user namespace, from which processes outside cannot be traced; where there is no Landlock.
    case users
    /// The kernel's settings are read-only, for which user id 0 would be enough.
    case settings
    /// Capabilities are given up.
    case capabilities(Privileges)
    /// A Landlock domain: processes outside cannot be traced or signalled, nor their abstract sockets reached.
    case landlock(LandlockDomain)
    /// The filter; without Landlock it denies the calls of `@debug` too.
    case seccomp(deniesDebug: Bool)
    /// The audit hook inside a Python interpreter; advisory.
    case python
  }

  /// What makes a Landlock domain, by ABI; all but the first take no rights on files.
  enum LandlockDomain: Equatable {
    /// ABI 9: as `scopes`, and AF_UNIX sockets are reached where they were made inside, or are named, and nowhere
    /// else. Nobody inside may mount.
    case sockets(allowsSignals: Bool, refusesTCP: Bool)
    /// ABI 6: abstract AF_UNIX sockets outside are cut off, and processes outside get no signals.
    case scopes(allowsSignals: Bool)
    /// ABI 4: TCP is refused, which every policy of ours does anyway.
    case tcp
  }

  /// How the command may be confined.
  enum Backend: Equatable, CaseIterable {
    case auto, seccomp, namespace, python
  }

  /// What is asked for.
  struct Request: Equatable {
    var backend: Backend
    /// What the policy asks for besides its filter.
    var layers: Layers
    /// The policy lets TCP through, so that Landlock must not refuse it.
    var allowsTCP: Bool
    /// The policy is a preset as it stands, which is all that the Python wrapper knows.
    var isPreset: Bool
    /// The policy is a file, or refuses more than a preset does: nothing but a filter can say that.
    var needsFilter = false
    var isPythonCommand: Bool
    var isBestEffort: Bool
    /// Capabilities that stay because the command line says so.
    var kept = Privileges.none
    /// Processes outside may get signals because the command line says so.
    var allowsSignals = false
    /// AF_UNIX sockets shall be made inside, and held by Landlock where it can.
    var holdsSockets = false

    /// The domain that holds them.
    ///
    /// The filter lets connect through then, so TCP is refused where the network is not the command's own.
    var socketDomain: LandlockDomain {
      .sockets(allowsSignals: allowsSignals, refusesTCP: !layers.hasNamespace)
    }

    /// Whether the answer may depend on the namespace.
    func asksForNamespace(seccompWorks: Bool) -> Bool {
      switch backend {
      case .namespace: true
      case .auto: layers.hasNamespace || !seccompWorks
      case .seccomp: layers.hasNamespace
      case .python: false
      }
    }

    /// Whether nothing is run where the namespace cannot be had.
    var needsNamespace: Bool {
      !isBestEffort && (backend == .namespace || backend != .python && layers.hasNamespace)
    }

    /// Whether the answer may depend on a user namespace: it stands in for Landlock.
    func asksForUsers(_ machine: Capabilities) -> Bool {
      (backend == .auto || backend == .seccomp) && machine.seccompFailure == nil
        && !layers.hasNamespace && layers.hasLandlock && !machine.isUserZero
        && (machine.landlockABI < 4 || asksForTCP(machine) && allowsTCP)
    }

    /// Whether the answer may depend on TCP: only the older Landlock domain refuses it.
    func asksForTCP(_ machine: Capabilities) -> Bool {
      layers.hasLandlock && (4...5).contains(machine.landlockABI)
    }

    /// Whether the answer may depend on what the command is.
    func asksForPython(_ machine: Capabilities) -> Bool {
      switch backend {
      case .python: true
      case .auto: machine.seccompFailure != nil && !machine.namespace.isUsable
      case .seccomp, .namespace: false
      }
    }
  }

  /// Why nothing is left that could confine.
  struct PlanError: Error, Equatable {
    let reasons: [String]
  }

  /// The layers in the order in which they are applied; none only for `--best-effort`.
  var layers: [Layer] = []
  /// Layers that are not applied, and why.
  var absences: [String] = []
  /// What the layers do not hold and the user has to know.
  var warnings: [String] = []

  /// Whether this process is in the network namespace already.
  var isInNamespace = false

  /// Whether a filter is among the layers.
  var hasFilter: Bool {
    layers.contains(.seccomp(deniesDebug: false)) || layers.contains(.seccomp(deniesDebug: true))
  }

  /// Whether Landlock holds AF_UNIX sockets, so that no supervisor has to.
  var holdsSockets: Bool {
    for case .landlock(.sockets) in layers { return true }
    return false
  }

  /// Whether abstract names outside are cut off.
  var cutsAbstractNames: Bool {
    for case .landlock(.scopes) in layers { return true }
    return holdsSockets
  }

  /// `NONET=` without the policy.
  var summary: String {
    layers.isEmpty ? "none" : layers.reversed().map { $0.name }.joined(separator: "+")
  }
}

extension Plan.Layer {
  /// The layer's name in `NONET=` and messages.
  var name: String {
    switch self {
    case .descriptors: "descriptors"
    case .namespace: "namespace"
    case .users: "users"
    case .settings: "settings"
    case .capabilities: "capabilities"
    case .landlock: "landlock"
    case .seccomp: "seccomp"
    case .python: "python"
    }
  }
}
