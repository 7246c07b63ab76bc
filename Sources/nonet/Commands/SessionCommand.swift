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

  /// - Returns: The exit status: 1 where there is nothing to list, or something did not end.
  func perform() throws(Failure) -> CInt {
    guard let network = session.network else {
      say("nothing runs in session '\(session.name)'")
      return action == .list ? 1 : 0
    }
    switch action {
    case .list:
      try list(network)
      return 0
    case .end: return end(network)
    }
  }

  private func end(_ network: UInt64) -> CInt {
    var left = Self.send(.terminate, network)
    var steps = Self.patience / Self.step
    while left, steps > 0 {
      steps -= 1
      sleepMicroseconds(Self.step)
      left = Self.send(.nothing, network)
    }
    // A process may start others while it is looked for.
    steps = Self.patience / Self.step
    while left, steps > 0 {
      steps -= 1
      left = Self.send(.kill, network)
      if left { sleepMicroseconds(Self.step) }
    }
    if left { say("some processes of session '\(session.name)' do not end") }
    return left ? 1 : 0
  }

  /// Sends every process in the network a signal.
  ///
  /// - Returns: Whether there was any.
  private static func send(_ message: HeldProcess.Message, _ network: UInt64) -> Bool {
    var isAny = false
    for number in allProcesses() {
      guard let process = HeldProcess(number, inNetwork: network) else { continue }
      process.send(message)
      isAny = true
    }
    return isAny
  }

  // Listing ----------------------------------------------------------------------------------------

  private func list(_ network: UInt64) throws(Failure) {
    var text = "PID      LISTENS           COMMAND\n"
    var listeners: [NetworkListener]?
    for number in allProcesses() {
      guard let process = HeldProcess(number, inNetwork: network) else { continue }
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
    try printOut(text)
  }

  private static func padded(_ text: String, _ width: Int) -> String {
    let missing = width - 1 - text.utf8.count
    return text + String(repeating: " ", count: missing > 0 ? missing + 1 : 1)
  }
}
