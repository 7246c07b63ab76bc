/// `nonet --session NAME --list` and `--end`: what runs in a session's network.
///
/// A process counts only while it is held by a handle and the kernel says that it is in the network that was shown to be
/// the session's, so no file and no number of a process can have nonet end anything else.
struct SessionCommand {
  private let session: Session
  private let action: Options.SessionAction

  /// How long processes have to end by themselves, and then at all, in microseconds.
  private static let patience = 2_000_000
  private static let step = 20_000

  init(_ options: Options, _ action: Options.SessionAction) throws(Failure) {
    guard let session = try SessionName.session(options) else {
      throw .refused("--session \(options.session?.text ?? ""): the variable is not set")
    }
    self.session = session
    self.action = action
  }

  /// - Returns: The exit status: 1 where there is nothing to list, or something did not end or may not have.
  func perform() throws(Failure) -> CInt {
    switch action {
    case .list:
      let networks = session.networks().found
      if networks.isEmpty {
        say("nothing runs in session '\(session.name)'")
        return 1
      }
      try list(networks)
      return 0
    case .end: return end()
    }
  }

  private func end() -> CInt {
    var message = HeldProcess.Message.terminate
    var isFirst = true
    for step in 0..<(2 * Self.patience / Self.step) {
      let networks = session.networks()
      let (isAny, isSure) = Self.send(message, networks.found)
      if !isAny, isSure, networks.isSure {
        if isFirst { say("nothing runs in session '\(session.name)'") }
        return 0
      }
      if isAny {
        isFirst = false
        message = step < Self.patience / Self.step ? .nothing : .kill
      }
      sleepMicroseconds(Self.step)
    }
    say("some processes of session '\(session.name)' may not have ended; see --list")
    return 1
  }

  /// Sends every process in these networks a signal.
  ///
  /// - Returns: Whether there was any, and whether none was missed.
  private static func send(
    _ message: HeldProcess.Message, _ networks: [UInt64]
  ) -> (isAny: Bool, isSure: Bool) {
    if networks.isEmpty { return (false, true) }
    var isAny = false
    let isSure = forEachProcess { number in
      guard let process = HeldProcess(number, inAny: networks) else { return }
      process.send(message)
      isAny = true
    }
    return (isAny, isSure)
  }

  // Listing ----------------------------------------------------------------------------------------

  private func list(_ networks: [UInt64]) throws(Failure) {
    var text = "PID      LISTENS           COMMAND\n"
    for network in networks {
      var listeners: [NetworkListener]?
      for number in allProcesses() {
        guard let process = HeldProcess(number, inAny: [network]) else { continue }
        // What any process of a network shows is the network's.
        let all = listeners ?? NetworkListener.all(seenBy: number)
        listeners = all
        let sockets = socketNumbers(of: number)
        var ports: [String] = []
        for one in all where sockets.contains(one.socket) && !ports.contains(one.description) {
          ports.append(one.description)
        }
        let words = commandLine(of: number)
        guard process.isThere else { continue }
        text += Self.padded("\(number)", 9)
        text += Self.padded(ports.isEmpty ? "-" : ports.joined(separator: ","), 18)
        text += Word.text(of: words) + "\n"
      }
    }
    try printOut(text)
  }

  private static func padded(_ text: String, _ width: Int) -> String {
    let missing = width - 1 - text.utf8.count
    return text + String(repeating: " ", count: missing > 0 ? missing + 1 : 1)
  }
}
