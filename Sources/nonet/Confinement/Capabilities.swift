internal import BPFAssembler

/// What this machine can confine with, found out without confining anything.
struct Capabilities: Equatable {
  /// Whether a private network namespace can be entered.
  enum Namespace: Equatable {
    /// Not tried: trying costs a process, and nothing asked for it.
    case untried
    case works
    case fails(NamespaceFailure)
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

  /// Looks at the running kernel.
  ///
  /// - Parameter triesNamespace: Says, from whether seccomp works, if the namespace is worth trying.
  /// - Returns: What there is.
  /// - Throws: What kept us from knowing.
  static func found(
    triesNamespace: (_ seccompWorks: Bool) -> Bool
  ) throws(SystemError) -> Capabilities {
    var capabilities = Capabilities(landlockABI: try probeLandlock(), namespace: .untried)
    do throws(SystemError) {
      try probeSeccomp(SeccompReturn.errno)
    } catch {
      capabilities.seccompFailure = error
      capabilities.seccompObstacle = .here
    }
    guard triesNamespace(capabilities.seccompFailure == nil) else { return capabilities }
    do throws(NamespaceFailure) {
      try probeNetworkNamespace()
      capabilities.namespace = .works
    } catch {
      capabilities.namespace = .fails(error)
    }
    return capabilities
  }
}
