internal import BPFAssembler

/// Whether AF_UNIX sockets of a command that has a network of its own are connected by a supervisor.
struct PrivateSockets {
  private let options: Options
  private let isWanted: Bool

  init(_ options: Options, _ plan: Plan, _ confined: ConfinedPolicy) {
    self.options = options
    let isNamed = !options.allowedUnix.isEmpty && plan.layers.contains(.namespace)
    isWanted = (confined.hasSockets || isNamed) && !options.isObserving
  }

  /// What the supervisor decides then; `nil` where AF_UNIX is left to the policy, which `-v` tells.
  ///
  /// - Parameter oracle: What the policy answers.
  /// - Returns: The decisions, and the program that asks about them.
  func network(_ oracle: Program) -> PrivateNetwork? {
    guard isWanted else { return nil }
    if let obstacle = Self.obstacle {
      if options.isVerbose { say("not used: sockets: \(obstacle); AF_UNIX is as the filter says") }
      return nil
    }
    let watched = AllowedSockets.watchedCalls(allowsInside: true, isPrivate: true)
    guard
      let network = PrivateNetwork(
        oracle, watching: watched.compactMap { Syscall(named: $0) }, wantsSends: options.isLogging)
    else {
      if options.isVerbose {
        say(
          "not used: sockets: the policy refuses connect or listen, or lets AF_UNIX sockets be made"
        )
      }
      return nil
    }
    if options.isVerbose {
      say("sockets: AF_UNIX sockets made inside are connected by a supervisor, and no others")
    }
    return network
  }

  private static var obstacle: String? {
    do throws(SystemError) {
      _ = try processNumber(OwnProcess.number)
    } catch {
      return "Linux 6.9 is needed (\(error.call): \(error.reason))"
    }
    if ProcMount.here != .ours { return "the /proc of this pid namespace is not there" }
    do throws(SystemError) {
      guard let number = try AllowedSockets.unconnectedStandard() else { return nil }
      return "descriptor \(number) is an AF_UNIX socket that is not connected"
    } catch {
      return "\(error.call): \(error.reason)"
    }
  }
}
