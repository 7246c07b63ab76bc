/// The command as the child of its supervisor: signals go down to it, its stops and its end come up.
final class CommandProcess {
  let pid: pid_t
  /// The second holder of the listener, where there is one.
  var second: pid_t = 0
  /// Whether the second holder has ended before its time.
  private(set) var hasLostSecond = false
  /// Who carries what comes from outside, where there is one.
  var relay: pid_t = 0
  /// Whether that one has ended before its time.
  private(set) var hasLostRelay = false
  private var isStopped = false
  private let listener: CInt
  /// Who continued this process last while it was stopped; 0 where nobody had to.
  private var watcher: pid_t = 0
  /// The signal to stop with once more, where this process was continued for a call only.
  private(set) var stopsAgain: CInt?

  /// So many signals are handled before others have their turn.
  private static let mostSignals = 64

  /// - Parameters:
  ///   - pid: The command, a child of this process.
  ///   - listener: Where the kernel asks about its calls.
  init(pid: pid_t, listener: CInt) {
    self.pid = pid
    self.listener = listener
  }

  /// Forgets the second holder that has ended.
  func forgetSecond() {
    second = 0
    hasLostSecond = false
  }

  /// Forgets the relay that has ended.
  func forgetRelay() {
    relay = 0
    hasLostRelay = false
  }

  /// Handles the signals that came, as many as are due at a time.
  ///
  /// - Returns: How the command ended, when it did.
  func handle(_ signals: SignalReader) -> Ending? {
    for _ in 0..<Self.mostSignals {
      guard let signal = signals.next() else { break }
      switch signal.number {
      case SIGCHLD: break
      case SIGCONT:
        let wasStopped = isStopped
        if let ending = reap() { return ending }
        if signal.sender == watcher, signal.isFromProcess { break }
        // Whoever continues a job continues its group, and the command is in it as we are; only one
        // who continues us alone needs passing on.
        if signal.isFromProcess, isStopped || !wasStopped { signal.pass(to: pid) }
        isStopped = false
        stopsAgain = nil
      // What the kernel sent, for a key or a terminal that is gone, went to the command's process
      // group too. So did what the command sent to its own group.
      case SIGINT, SIGQUIT, SIGHUP, SIGTSTP, SIGTTIN, SIGTTOU, SIGWINCH, SIGPIPE, SIGXFSZ, SIGXCPU:
        if signal.isFromProcess, signal.sender != pid { signal.pass(to: pid) }
      case _:
        if signal.sender != pid || !signal.isFromProcess { signal.pass(to: pid) }
      }
    }
    return reap()
  }

  /// Reaps every child that ended: the command's orphans are ours.
  private func reap() -> Ending? {
    var ending: Ending?
    do throws(SystemError) {
      while let (child, change) = try nextChildChange() {
        if child == pid { ending = note(change) ?? ending }
        // One that is only stopped still holds the listener.
        if child == second, change.isEnd { hasLostSecond = true }
        if child == relay, change.isEnd { hasLostRelay = true }
      }
    } catch {
      // The command was a child until its end was told, so another errno or an early end is no news
      // of it, and none will come.
      return ending ?? .lost
    }
    return ending
  }

  private func note(_ change: ChildChange) -> Ending? {
    switch change {
    case .stopped(let signal):
      isStopped = true
      stop(by: signal)
      return nil
    case .continued:
      isStopped = false
      stopsAgain = nil
      return nil
    case .exited(let code): return .exited(code)
    case .killed(let signal): return .killed(signal)
    }
  }

  /// Stops once more, after what other processes of the command wanted is answered.
  func stopAgain() {
    if let signal = stopsAgain { stop(by: signal) }
  }

  /// Stops this process, for the shell outside, which sees only us; comes back when it is continued.
  ///
  /// The command may be continued or ended by others, and its other processes may want answers.
  private func stop(by signal: CInt) {
    watcher = OwnProcess.stop(by: signal, until: pid, listener)
    stopsAgain = signal
  }
}
