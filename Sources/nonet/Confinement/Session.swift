/// The private network that the commands of a session share.
///
/// The first command makes it, later ones enter it, and it goes with its last process. Nothing that a confined
/// command could forge is believed. A network counts if its user namespace was made by this user from the one in
/// which this process is, if it has no interface but `lo`, if `lo` has the session's alias, which only who
/// made the network could give it, and if the user has the same number there.
final class Session {
  let name: String
  private var memory: SessionMemory?
  /// Networks that were looked at for the mark.
  private var judged: [(number: UInt64, isMarked: Bool)] = []

  /// Networks of the user's that are looked at; of more than these the others count as none.
  private static let mostNetworks = 256

  /// - Parameter name: A checked name (`isName`).
  init(_ name: String) {
    self.name = name
  }

  /// Whether a text is the name of a session: 1 to 64 of letters, digits, `.`, `_` and `-`.
  static func isName(_ text: some Collection<UInt8>) -> Bool {
    (1...64).contains(text.count)
      && text.allSatisfy {
        $0.isDigit || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0.lowercased)
          || "._-".utf8.contains($0)
      }
  }

  /// The alias of `lo` there.
  private var mark: String { "nonet session \(name)" }

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

  /// The numbers of all networks with the session's mark, also of such that no command enters any more.
  ///
  /// What was found out about a network is kept, so that a further look starts no process.
  ///
  /// - Returns: The numbers, and whether no network was missed that a process is in.
  func networks() -> (found: [UInt64], isSure: Bool) {
    var found: [UInt64] = []
    let isSure = forEachProcess { process in
      for thread in threads(of: process) {
        guard let number = networkNumber(of: thread), !found.contains(number) else { continue }
        if isMarked(number, of: thread) { found.append(number) }
      }
    }
    return (found, isSure)
  }

  private func isMarked(_ number: UInt64, of thread: pid_t) -> Bool {
    if let earlier = judged.first(where: { $0.number == number }) { return earlier.isMarked }
    if judged.count == Self.mostNetworks { return false }
    var isMarked = false
    do throws(SystemError) {
      isMarked = try SharedNetwork(of: thread).isMarked(mark)
    } catch {
      isMarked = false
    }
    judged.append((number, isMarked))
    return isMarked
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
    if let first, let network = network(of: first) { return network }
    var seen: [UInt64] = ownNetworkNumber.map { [$0] } ?? []
    for process in allProcesses() {
      guard let number = networkNumber(of: process), !seen.contains(number) else { continue }
      if let network = network(of: process) { return network }
      seen.append(number)
      if seen.count > Self.mostNetworks { return nil }
    }
    return nil
  }

  /// The network of a process, where it is the session's.
  private func network(of process: pid_t) -> SharedNetwork? {
    do throws(SystemError) {
      let network = try SharedNetwork(of: process)
      if network.canBeEntered(mark) { return network }
      return nil
    } catch {
      return nil
    }
  }
}
