/// The command as the child of its supervisor: signals go down to it, its stops and its end come up.
final class CommandProcess {
  let pid: pid_t
  /// The second holder of the listener, where there is one.
  var second: pid_t = 0
  /// Whether the second holder has ended before its time.
  private(set) var hasLostSecond = false
  private var isStopped = false

  init(pid: pid_t) {
    self.pid = pid
  }

  /// Forgets the second holder that has ended.
  func forgetSecond() {
    second = 0
    hasLostSecond = false
  }

  /// Handles the signals that came.
  ///
  /// - Returns: How the command ended, when it did.
  func handle(_ signals: SignalReader) -> Ending? {
    while let signal = signals.next() {
      switch signal.number {
      case SIGCHLD: break
      case SIGCONT:
        let wasStopped = isStopped
        if let ending = reap() { return ending }
        // Whoever continues a job continues its group, and the command is in it as we are; only one
        // who continues us alone needs passing on.
        if signal.isFromProcess, isStopped || !wasStopped { signal.pass(to: pid) }
        isStopped = false
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
      // For the shell outside, which sees only us.
      OwnProcess.stop(by: signal)
      return nil
    case .continued:
      isStopped = false
      return nil
    case .exited(let code): return .exited(code)
    case .killed(let signal): return .killed(signal)
    }
  }
}
