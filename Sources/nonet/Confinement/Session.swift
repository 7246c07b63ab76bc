/// The private network that the commands of a session share.
///
/// The first command makes it, later ones enter it, and it goes with its last process. Nothing that a confined
/// command could forge is believed. A network counts if its user namespace was made by this user from the one in
/// which this process is, if it has no interface but `lo`, if `lo` has the session's alias, which only who
/// made the network could give it, and if the user and group are mapped onto themselves there.
final class Session {
  let name: String
  private var memory: SessionMemory?

  /// Networks that are looked at when one is to be entered; of more than these the others count as none.
  private static let mostNetworks = 256

  /// - Parameter name: A checked name (`isName`).
  init(_ name: String) {
    self.name = name
  }

  /// Whether a text is the name of a session: 1 to 64 of letters, digits, `.`, `_` and `-`.
  static func isName(_ text: some Collection<UInt8>) -> Bool {
    (1...64).contains(text.count)
      && text.allSatisfy {
        $0.isAlphanumeric || "._-".utf8.contains($0)
      }
  }

  /// The alias of `lo` there.
  var mark: String { "nonet session \(name)" }

  /// Enters the session's network, or makes it.
  ///
  /// - Returns: What was done.
  func enter() throws(LayerError) -> String {
    if SharedNetwork.isHere(mark) {
      // User 0 needs rights over a namespace to close the kernel's settings once more.
      if nonet.isUserZero { try Self.own { () throws(NamespaceError) in try enterUserNamespace() } }
      return "already in the network of session '\(name)'"
    }
    do throws(SystemError) {
      let memory = try SessionMemory(name)
      self.memory = memory
      if let network = found(first: memory.process) {
        try network.enter(mark)
        memory.note(OwnProcess.number)
        return "the network of session '\(name)', which was there"
      }
    } catch {
      throw .system(.namespace, error)
    }
    try Self.own { () throws(NamespaceError) in try enterNetworkNamespace() }
    do throws(SystemError) {
      try SharedNetwork.markHere(mark)
    } catch {
      throw .system(.namespace, error)
    }
    memory?.note(OwnProcess.number)
    return SharedNetwork.isHere(mark)
      ? "a new network for session '\(name)', with 127.0.0.1 and ::1"
      : "a network of its own: this kernel puts further interfaces into each "
        + "(net.core.fb_tunnels_only_for_init_net), so no other command enters it"
  }

  /// Tells which process became the command, and lets the next one start.
  func begin(_ command: pid_t) {
    memory?.note(command)
    memory?.unlock()
  }

  private static func own(_ enter: () throws(NamespaceError) -> Void) throws(LayerError) {
    do throws(NamespaceError) {
      try enter()
    } catch {
      throw .namespace(error)
    }
  }

  /// The session's network, where a process is in it.
  ///
  /// - Parameter first: The process to look at first.
  /// - Returns: `nil` where nobody is in it.
  private func found(first: pid_t?) -> SharedNetwork? {
    if let first, let held = held(first), let network = entrance(to: held) { return network }
    let own = ownNetworkNumber
    // Held, so that none that is made meanwhile has the number of one of them.
    var seen: [HeldNetwork] = []
    for process in numbers(in: "/proc") ?? [] {
      guard let number = networkNumber(of: process), number != own,
        !seen.contains(where: { $0.number == number }), let held = held(process)
      else { continue }
      if let network = entrance(to: held) { return network }
      seen.append(held)
      if seen.count == Self.mostNetworks { return nil }
    }
    return nil
  }

  private func held(_ process: pid_t) -> HeldNetwork? {
    do throws(SystemError) {
      return try HeldNetwork(of: process, thread: process)
    } catch {
      return nil
    }
  }

  /// What a network is entered by, where it is the session's.
  private func entrance(to network: HeldNetwork) -> SharedNetwork? {
    do throws(SystemError) {
      let network = try SharedNetwork(network)
      if network.canBeEntered(mark) { return network }
      return nil
    } catch {
      return nil
    }
  }
}
