extension Plan {
  /// Makes the plan.
  ///
  /// - Parameters:
  ///   - request: What is asked for.
  ///   - machine: What there is.
  /// - Throws: The reasons, when no backend that may be used can confine.
  init(_ request: Request, on machine: Capabilities) throws(PlanError) {
    self.init()
    var reasons: [String] = []
    for backend in Self.backends(request.backend) {
      guard let obstacle = Self.obstacle(to: backend, request, machine) else {
        absences = reasons
        build(backend, request, machine)
        return
      }
      reasons.append("\(backend): \(obstacle)")
    }
    guard request.isBestEffort else { throw PlanError(reasons: reasons) }
    absences = reasons
    warnings = [
      "NOTHING CONFINES THIS COMMAND: it runs with the whole network, as --best-effort allows"
    ]
  }

  private static func backends(_ backend: Backend) -> [Backend] {
    switch backend {
    case .auto: [.seccomp, .namespace, .python]
    case .seccomp, .namespace, .python: [backend]
    }
  }

  /// What keeps a backend from confining this command on this machine.
  private static func obstacle(
    to backend: Backend, _ request: Request, _ machine: Capabilities
  ) -> String? {
    switch backend {
    case .auto:
      return nil
    case .seccomp:
      if let error = machine.seccompFailure {
        return "\(error.call): \(error.reason); \(machine.seccompObstacle.advice)"
      }
      return request.layers.hasNamespace ? obstacle(to: .namespace, request, machine) : nil
    case .namespace:
      // A filter beside it says the rest.
      if request.needsFilter, machine.seccompFailure != nil || request.backend == .namespace {
        return "has no filter, and so knows the presets only, without --deny and --merge"
      }
      switch machine.namespace {
      case .works, .entered: return nil
      case .untried: return "not tried"
      case .fails(let failure): return "\(failure.reason); \(failure.advice)"
      }
    case .python:
      if request.layers.hasNamespace { return "cannot make a private loopback" }
      if !request.isPreset { return "knows the presets only, without --deny and --allow" }
      return request.isPythonCommand ? nil : "the command is not a Python interpreter or script"
    }
  }

  private mutating func build(_ backend: Backend, _ request: Request, _ machine: Capabilities) {
    let landlock = Self.landlock(backend, request, machine)
    if request.layers.hasDescriptors {
      layers.append(.descriptors)
    } else {
      absences.append("descriptors: \(Self.noLayers)")
    }
    let hasNamespace = backend == .namespace || request.layers.hasNamespace
    if hasNamespace { layers.append(.namespace) }
    isInNamespace = machine.namespace == .entered
    let lacksLandlock = landlock == nil && request.layers.hasLandlock
    let hasUsers =
      backend == .seccomp && !hasNamespace && lacksLandlock && !machine.isUserZero
      && machine.users == .works
    if hasUsers { layers.append(.users) }
    buildForRoot(request, machine, hasNamespace: hasNamespace, lacksLandlock: lacksLandlock)
    if let landlock { layers.append(.landlock(landlock)) }
    if landlock == nil {
      absences.append("landlock: \(Self.landlockAbsence(backend, request, machine))")
    }
    switch backend {
    case .auto, .seccomp:
      layers.append(.seccomp(deniesDebug: landlock == nil && request.layers.hasLandlock))
    case .namespace:
      warnings.append(
        "no filter: the namespace holds IP, but not AF_UNIX sockets by path, AF_VSOCK and other "
          + "families, io_uring or the way back by setns")
    case .python:
      layers.append(.python)
      warnings.append(
        "the Python wrapper is advisory: what goes around the interpreter, such as ctypes or an "
          + "extension, gets out")
    }
  }

  /// What only a command with capabilities or user id 0 needs.
  private mutating func buildForRoot(
    _ request: Request, _ machine: Capabilities, hasNamespace: Bool, lacksLandlock: Bool
  ) {
    guard request.layers.hasCapabilities else {
      if !machine.privileges.isEmpty { absences.append("capabilities: \(Self.noLayers)") }
      return
    }
    let (held, dropped) = Self.privileges(
      request.layers, machine.privileges, isRootInside: hasNamespace && machine.isUserZero,
      lacksLandlock: lacksLandlock, kept: request.kept)
    if machine.canWriteSettings, hasNamespace || request.layers.hasSettings {
      if held.shared(with: .mounting).isEmpty {
        absences.append(
          "settings: without CAP_SYS_ADMIN there are no mounts of its own; user 0 may set the kernel, "
            + "and with it start programs outside")
      } else {
        layers.append(.settings)
      }
    }
    if !dropped.isEmpty { layers.append(.capabilities(dropped)) }
  }

  /// What a command would have, and what of it is given up where the layers give anything up.
  private static func privileges(
    _ layers: Layers, _ own: Privileges, isRootInside: Bool, lacksLandlock: Bool, kept: Privileges
  ) -> (held: Privileges, dropped: Privileges) {
    // In a namespace of its own user 0 has every capability over that namespace, and none outside.
    let held = isRootInside ? Privileges(bits: .max) : own
    var dropped = isRootInside ? Privileges.mounting : .network
    if layers.hasSettings { dropped = dropped.adding(.network).adding(.outside) }
    // Nobody traces a process that has more capabilities without this one (cap_ptrace_access_check).
    if lacksLandlock { dropped = dropped.adding(.tracing) }
    return (held, dropped.without(kept).shared(with: held))
  }

  /// The capabilities that a command will have, before the machine is looked at closely.
  ///
  /// - Parameters:
  ///   - layers: What its policy asks for.
  ///   - own: The capabilities of this process.
  ///   - isUserZero: Whether it is user 0.
  ///   - landlockABI: The Landlock ABI of the kernel; with one that may have no domain CAP_SYS_PTRACE counts as given up.
  ///   - kept: What the command line keeps.
  /// - Returns: What is left.
  static func expectedPrivileges(
    _ layers: Layers, _ own: Privileges, isUserZero: Bool, landlockABI: Int, kept: Privileges
  ) -> Privileges {
    // Another user loses those over its namespace with execve(2).
    if layers.hasNamespace, !isUserZero { return .none }
    let (held, dropped) = privileges(
      layers, own, isRootInside: layers.hasNamespace,
      lacksLandlock: layers.hasLandlock && landlockABI < 6, kept: kept)
    return layers.hasCapabilities ? held.without(dropped) : held
  }

  private static let noLayers = "the policy says 'layers none'"

  private static func landlock(
    _ backend: Backend, _ request: Request, _ machine: Capabilities
  ) -> LandlockDomain? {
    if !request.layers.hasLandlock { return nil }
    // Without a filter they could be made anyway, and are not held.
    if request.holdsSockets, backend == .seccomp,
      machine.landlockABI >= LandlockDomain.firstForSockets
    {
      return request.socketDomain
    }
    if machine.landlockABI >= 6 { return .scopes(allowsSignals: request.allowsSignals) }
    return machine.landlockABI >= 4 && !request.allowsTCP ? .tcp : nil
  }

  private static func landlockAbsence(
    _ backend: Backend, _ request: Request, _ machine: Capabilities
  ) -> String {
    if !request.layers.hasLandlock { return noLayers }
    let lack =
      machine.landlockABI == 0
      ? "this kernel has none" : "its ABI \(machine.landlockABI) has nothing that fits"
    return switch backend {
    case .auto, .seccomp: "\(lack); the filter denies @debug instead\(memoryOutside(machine))"
    // Rights in it are none outside, and the kernel asks for more than the same user id.
    case .namespace: "\(lack); the user namespace keeps processes outside from being traced"
    case .python: "\(lack), and processes outside can be traced"
    }
  }

  /// What stands before `/proc/PID/mem` of processes outside, where there is no Landlock.
  private static func memoryOutside(_ machine: Capabilities) -> String {
    switch machine.users {
    case .works, .entered: ", and a user namespace keeps memory outside from being opened"
    case .fails(let failure):
      ", and /proc/PID/mem of processes of the same user stays open, since no user namespace can be "
        + "made: \(errorText(failure.number))"
    case .untried: ""
    }
  }
}

extension Capabilities.SeccompObstacle {
  fileprivate var advice: String {
    switch self {
    case .kernel: "the kernel needs CONFIG_SECCOMP_FILTER"
    case .outerFilter: "an outer filter refuses the call, and must let it through"
    case .emulator:
      "this kernel has filters and none stands here, so an emulator (qemu-user) keeps the call to "
        + "itself; confine the emulator instead"
    case .unknown:
      "the kernel needs CONFIG_SECCOMP_FILTER, and no outer sandbox may refuse the call"
    }
  }
}

extension Plan.Backend: CustomStringConvertible {
  /// The backend as `--backend` names it.
  var description: String {
    switch self {
    case .auto: "auto"
    case .seccomp: "seccomp"
    case .namespace: "namespace"
    case .python: "python"
    }
  }
}
