internal import BPFAssembler

/// AF_UNIX sockets that the kernel itself holds to the command's own processes, without a supervisor.
///
/// In a Landlock domain that handles LANDLOCK_ACCESS_FS_RESOLVE_UNIX a socket is reached by its path where it was
/// made in the same domain, or in one below, or where a rule names its file (`hook_unix_find` in
/// security/landlock/fs.c). The scope of ABI 6 says the same of abstract names. So the filter may let such sockets be
/// made and connected.
struct HeldSockets {
  /// What the domain is made of, with its rules.
  let ruleset: LandlockRuleset
  /// The sockets outside that are named.
  private let named: [PinnedFile]
  private let allowed: AllowedSockets?

  /// Makes the ruleset; `nil` where a supervisor has to connect the sockets, or there are none.
  ///
  /// - Parameters:
  ///   - options: The command line.
  ///   - wanted: The policy.
  /// - Throws: What `--allow-unix` may not name.
  init?(_ options: Options, _ wanted: WantedPolicy) throws(Failure) {
    guard Self.areWanted(options, wanted), Self.isThere else { return nil }
    allowed = try AllowedSockets(options, inside: false)
    let paths = try allowed?.paths(isTold: false) ?? []
    named = paths.map { $0.file }
    // Whatever is below a folder would be allowed then, and not only what its server bound right there.
    if named.contains(where: { !$0.isSocket }) {
      if options.isVerbose { Self.say("a folder is named, and a rule would allow all below it") }
      return nil
    }
    do throws(SystemError) {
      let request = Plan.Request(
        backend: options.backend, layers: wanted.layers, allowsTCP: false, isPreset: false,
        isPythonCommand: false, isBestEffort: false, allowsSignals: options.allowsSignals)
      ruleset = try LandlockRuleset(request.socketDomain.rights)
      try ruleset.allow(LandlockRights.referring, on: PinnedFile([PathText.slash]))
      for socket in named { try ruleset.allow(LandlockRights.resolvingUnix, on: socket) }
    } catch {
      if options.isVerbose { Self.say("\(error.call): \(error.reason)") }
      return nil
    }
  }

  private static func say(_ reason: String) {
    nonet.say("not used: Landlock for AF_UNIX sockets: \(reason); a supervisor connects them")
  }

  /// Whether the kernel knows that right, and it is the kernel that answers: a filter around this process may say that
  /// a domain was entered which is not there.
  private static var isThere: Bool {
    do throws(SystemError) {
      return try probeLandlock() >= Plan.LandlockDomain.firstForSockets && refusesNoRuleset
    } catch {
      return false
    }
  }

  /// Whether AF_UNIX sockets are asked for in a way that Landlock can hold.
  ///
  /// - Parameters:
  ///   - options: The command line.
  ///   - wanted: The policy.
  /// - Returns: Not where a supervisor is there anyway, nor where other commands share the network.
  private static func areWanted(_ options: Options, _ wanted: WantedPolicy) -> Bool {
    let isSupervised =
      options.isLogging || options.isHinting || options.suppliesSockets || !options.listens.isEmpty
    guard !options.allowsMounts, !isSupervised, options.session == nil, wanted.layers.hasLandlock
    else { return false }
    guard wanted.layers.hasNamespace else {
      // The filter has to let connect through for every family then, so no other may be there to be connected.
      return !options.allowedUnix.isEmpty && options.preset == .default
        && !options.changes.contains {
          $0.verdict == .allow && $0.calls.contains { isReaching($0) }
        }
    }
    guard wanted.layers.hasSockets || !options.allowedUnix.isEmpty else { return false }
    switch wanted {
    case .builtIn(let preset, _): return preset == .loopback
    case .read(let chosen):
      return chosen.allowsConnect && !chosen.policy.refuses("listen", [3, 16])
        && chosen.policy.refuses("socket", AllowedSockets.socket)
    }
  }

  private static func isReaching(_ call: Syscall) -> Bool {
    [SyscallGroup.network, .ioUring].contains { $0.calls.contains(call) }
  }

  /// The policy with what Landlock holds let through.
  ///
  /// - Parameters:
  ///   - chosen: The policy as it was read.
  ///   - options: The command line.
  ///   - hasNamespace: Whether the command has a network of its own, whose text lets connect through.
  /// - Returns: The policy for the filter.
  /// - Throws: Where `--allow-unix` would allow nothing.
  func policy(
    _ chosen: ChosenPolicy, _ options: Options, hasNamespace: Bool
  ) throws(Failure) -> ChosenPolicy {
    if !hasNamespace {
      try allowed?.check(chosen.name) { !chosen.policy.refuses($0, $1) }
    }
    let changed = try Self.policy(chosen, hasNamespace: hasNamespace)
    if allowed != nil {
      if changed.policy.refuses("connect", AllowedSockets.connect) {
        throw AllowedSockets.heldBack("connect")
      }
      if changed.policy.refuses("socket", AllowedSockets.socket) {
        throw AllowedSockets.heldBack("AF_UNIX sockets")
      }
      // Said now that no supervisor looks at them again.
      _ = try allowed?.paths(isTold: true)
    }
    return changed
  }

  /// The same, whatever the command line says.
  ///
  /// Datagram sockets may be made too: what they are sent to is looked for as what is connected to.
  static func policy(
    _ chosen: ChosenPolicy, hasNamespace: Bool
  ) throws(Failure) -> ChosenPolicy {
    do throws(PolicyError) {
      // Pairs are those of the policy's own: who lets none be made wants none.
      let hasPairs = !chosen.policy.refuses("socketpair", AllowedSockets.socket)
      let text =
        "default allow\nallow socket if domain == AF_UNIX\n"
        + (hasPairs ? "allow socketpair if domain == AF_UNIX\n" : "")
        + (hasNamespace ? "" : "allow connect\n")
      return chosen.holdingSockets(try Policy(text: text, named: "Landlock").rules)
    } catch {
      throw ChosenPolicy.failure(error, "Landlock")
    }
  }

  /// Whether a file is one of the sockets that were named.
  func names(_ file: PinnedFile) -> Bool {
    named.contains { $0.identity == file.identity }
  }

  /// What `-v` says.
  ///
  /// - Parameter policy: What the filter says.
  /// - Returns: A line.
  func words(_ policy: ChosenPolicy?) -> String {
    if policy?.policy.refuses("socket", AllowedSockets.socket) ?? true {
      return "not used: sockets: --deny or --merge refuses AF_UNIX sockets"
    }
    return
      "sockets: AF_UNIX sockets made inside are reached, and none outside but those that are named; the kernel sees "
      + "to it (Landlock) and lets nobody mount; with --mounts a supervisor does it"
  }
}
