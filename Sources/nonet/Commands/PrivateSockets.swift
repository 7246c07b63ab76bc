internal import BPFAssembler

/// Whether AF_UNIX sockets of a command that has a network of its own are connected by a supervisor.
struct PrivateSockets {
  private let options: Options
  private let isWanted: Bool
  private let chosen: ChosenPolicy?

  init(_ options: Options, _ plan: Plan, _ confined: ConfinedPolicy) {
    self.options = options
    chosen = confined.chosen
    let isNamed = !options.allowedUnix.isEmpty && plan.layers.contains(.namespace)
    let isServed = options.suppliesSockets && plan.layers.contains(.namespace)
    isWanted = (confined.hasSockets || isNamed || isServed) && !options.isObserving
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
    let network = PrivateNetwork(
      oracle, watching: Self.watched(options), wantsSends: options.isLogging,
      held: chosen?.held(isPrivate: true))
    guard let network else {
      if options.isVerbose {
        say(
          "not used: sockets: the policy refuses connect or listen, or lets AF_UNIX sockets be made"
        )
      }
      return nil
    }
    if options.isVerbose {
      let makesAny = network.makes(SocketType.stream) || network.makes(SocketType.sequence)
      say(
        makesAny
          ? "sockets: AF_UNIX sockets made inside are connected by a supervisor, and no others"
          : "not used: sockets: --deny or --merge refuses AF_UNIX sockets")
    }
    return network
  }

  /// What the policy allows and the supervisor wants to see beside connect.
  ///
  /// Where sockets of the network outside may be among the command's, bind too: one whose connect has failed would
  /// take a port there.
  static func watched(_ options: Options) -> [Syscall] {
    let names = AllowedSockets.watchedCalls(allowsInside: true, isPrivate: true)
    return (names + (options.suppliesSockets ? ["bind"] : [])).compactMap { Syscall(named: $0) }
  }

  /// Why no supervisor can do it; `nil` where one can.
  static var obstacle: String? {
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
