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
    case .list: try list()
    case .end: end()
    }
  }

  private func end() -> CInt {
    let networks = MarkedNetworks(session.mark)
    let begun = monotonicMicroseconds
    var wasAny = false
    while true {
      let past = monotonicMicroseconds - begun
      if past >= 2 * Self.patience { break }
      let message: HeldProcess.Message =
        !wasAny ? .terminate : past < Self.patience ? .nothing : .kill
      var isAny = false
      let isSure = networks.forEachProcess(until: begun + 2 * Self.patience) { process in
        process.send(message)
        isAny = true
      }
      if !isAny, isSure {
        if !wasAny { say("nothing runs in session '\(session.name)'") }
        return 0
      }
      if isAny { wasAny = true }
      sleepMicroseconds(Self.step)
    }
    say("some processes of session '\(session.name)' may not have ended; see --list")
    return 1
  }

  // Listing ----------------------------------------------------------------------------------------

  private func list() throws(Failure) -> CInt {
    var text = "PID      LISTENS           COMMAND\n"
    var listed: [pid_t] = []
    var listeners: [(network: UInt64, all: [NetworkListener])] = []
    let networks = MarkedNetworks(session.mark)
    let end = monotonicMicroseconds + 2 * Self.patience
    let isSure = networks.forEachProcess(until: end) { process in
      let number = process.number
      if listed.contains(number) { return }
      // What any process of a network shows is the network's.
      let known = listeners.first { $0.network == process.network }?.all
      let all = known ?? NetworkListener.all(seenBy: number)
      if known == nil { listeners.append((process.network, all)) }
      let sockets = socketNumbers(of: number)
      var ports: [String] = []
      for one in all where sockets.contains(one.socket) && !ports.contains(one.description) {
        ports.append(one.description)
      }
      let words = commandLine(of: number)
      guard process.isThere else { return }
      listed.append(number)
      text += Self.padded("\(number)", 9)
      text += Self.padded(ports.isEmpty ? "-" : ports.joined(separator: ","), 18)
      text += Word.text(of: words) + "\n"
    }
    if !isSure { say("session '\(session.name)': not every process could be looked at") }
    if listed.isEmpty {
      if isSure { say("nothing runs in session '\(session.name)'") }
      return 1
    }
    try printOut(text)
    return 0
  }

  private static func padded(_ text: String, _ width: Int) -> String {
    let missing = width - 1 - text.utf8.count
    return text + String(repeating: " ", count: missing > 0 ? missing + 1 : 1)
  }
}
