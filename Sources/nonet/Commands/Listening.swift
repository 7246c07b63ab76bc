/// `--allow-listen`: what it needs, and who listens outside.
enum Listening {
  private static let name = OptionName.allowListen.rawValue

  /// What the option needs beside others, known before anything else is.
  static func check(_ options: Options) throws(Failure) {
    if options.listens.isEmpty {
      if options.listensAnywhere { throw .usage("--allow-listen-any is for \(name)") }
      return
    }
    if options.isObserving {
      throw .usage("\(name) and --observe exclude each other: under --observe all ports are open")
    }
    for (value, listen) in zip(options.allowedListens, options.listens)
    where !options.listensAnywhere && listen.endpoints.contains(where: { !$0.isLoopback }) {
      throw .usage(
        "\(name): '\(value.text)' is no address of loopback (127.0.0.0/8, [::1]), so other machines could "
          + "connect; --allow-listen-any allows that")
    }
  }

  /// What the option needs of a plan.
  static func check(_ options: Options, _ plan: Plan) throws(Failure) {
    if options.listens.isEmpty || plan.layers.contains(.namespace) { return }
    throw .refused(
      "\(name) is for commands with a network of their own, and this run has none: say --loopback too, in the "
        + "place of any other policy; where that cannot be had, nonet --check says why; the command was not run"
    )
  }

  /// Listens outside, before the network is left.
  ///
  /// - Returns: `nil` where that is not asked for.
  /// - Throws: Why nobody can listen there; the command must not run then.
  static func listeners(_ options: Options) throws(Failure) -> OuterListeners? {
    if options.listens.isEmpty { return nil }
    var listeners = OuterListeners()
    try forEachAddress(options) { one throws(SystemError) in
      let inside = targets(one).map { $0.socketAddress(isVersion6: !$0.isVersion4) }
      try listeners.add(one.socketAddress(isVersion6: !one.isVersion4), targets: inside)
    }
    if options.isVerbose {
      let words = options.allowedListens.map { $0.text }.joined(separator: ", ")
      say("listens outside: \(words), for servers on the same port inside")
    }
    return listeners
  }

  /// Tries whether somebody could listen there, and lets go of it.
  static func tryAll(_ options: Options) throws(Failure) {
    try forEachAddress(options) { one throws(SystemError) in
      try OuterListeners.tryAddress(one.socketAddress(isVersion6: !one.isVersion4))
    }
  }

  /// Starts who carries bytes, once the network is left.
  static func relay(_ listeners: OuterListeners?) throws(Failure) -> Relay? {
    guard let listeners else { return nil }
    do throws(SystemError) {
      return try Relay(listeners)
    } catch {
      throw .system(error, "\(name): nobody could be started to listen, so the command was not run")
    }
  }

  /// Whether a server inside at an endpoint is one that who connects outside reaches.
  static func reaches(_ endpoint: Endpoint, _ listens: [Options.Listen]) -> Bool {
    listens.contains { listen in
      listen.endpoints.contains { one in
        guard one.ports.contains(where: { $0.contains(endpoint.port) }) else { return false }
        return targets(Endpoint(one.address, port: endpoint.port)).contains {
          $0 == endpoint || endpoint.isEveryAddress && $0.isVersion4 == endpoint.isVersion4
        }
      }
    }
  }

  /// Where a connection to an address leads inside, in the order in which it is tried: servers that say `localhost`
  /// take one of the two, and not all the same one.
  private static func targets(_ endpoint: Endpoint) -> [Endpoint] {
    let loopback: [[UInt8]] = [[127, 0, 0, 1], [UInt8](repeating: 0, count: 15) + [1]]
    let inside = loopback.map { Endpoint($0, port: endpoint.port) }
    let isKept = endpoint.isLoopback && !endpoint.isEveryAddress
    let own = isKept ? endpoint : endpoint.isVersion4 ? inside[0] : inside[1]
    return [own] + inside.filter { $0 != own }
  }

  private static func forEachAddress(
    _ options: Options, _ take: (Endpoint) throws(SystemError) -> Void
  ) throws(Failure) {
    for listen in options.listens {
      for (index, endpoints) in listen.endpoints.enumerated() {
        for range in endpoints.ports {
          for port in range {
            let one = Endpoint(endpoints.address, port: port)
            do throws(SystemError) {
              try take(one)
            } catch {
              // `localhost` is both where the machine has both.
              let isLacking = error.number == EADDRNOTAVAIL || error.number == EAFNOSUPPORT
              if isLacking, index > 0 { continue }
              throw failure(one, error)
            }
          }
        }
      }
    }
  }

  private static func failure(_ endpoint: Endpoint, _ error: SystemError) -> Failure {
    let reason =
      switch error.number {
      case EADDRINUSE:
        "\(endpoint.label) is in use already (ss -ltnp may tell by whom); choose another port"
      case EACCES where endpoint.port < 1024:
        "\(endpoint.label) is not for this user to listen on; choose a port from 1024 on"
      case EADDRNOTAVAIL: "this machine does not have the address of \(endpoint.label)"
      case _: "\(endpoint.label): \(error.call): \(error.reason)"
      }
    return .refused("\(name): \(reason); the command was not run")
  }
}

extension Endpoint {
  /// Whether the address is all zeros, which stands for every one.
  fileprivate var isEveryAddress: Bool {
    (isVersion4 ? address[12...] : address[...]).allSatisfy { $0 == 0 }
  }
}
