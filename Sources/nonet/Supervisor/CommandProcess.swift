internal import CLinuxShims

/// The command as the child of its supervisor: signals go down to it, its stops and its end come up.
final class CommandProcess {
  let pid: pid_t
  private var isStopped = false

  init(pid: pid_t) {
    self.pid = pid
  }

  /// Handles the signals that came.
  ///
  /// - Returns: How the command ended, when it did.
  func handle(_ signals: SignalReader) -> Ending? {
    while let signal = signals.next() {
      switch signal.number {
      case SIGCHLD, SIGTTIN, SIGTTOU: break
      case SIGCONT: pass(onContinue: signal)
      // What the kernel sent, for a key or a terminal that is gone, went to the command's process
      // group, and the command is in it as we are. So did what the command sent to its own group.
      case _ where signal.isFromProcess && signal.sender != pid: _ = kill(pid, signal.number)
      case _: break
      }
    }
    return reap()
  }

  /// Whoever continues a job continues its group; only one who continues us alone needs passing on.
  private func pass(onContinue signal: SignalReader.Signal) {
    if isStopped, signal.isFromProcess {
      _ = kill(pid, SIGCONT)
      isStopped = false
    }
  }

  /// Reaps every child that ended: the command's orphans are ours.
  private func reap() -> Ending? {
    var ending: Ending?
    do throws(SystemError) {
      while let (child, change) = try nextChildChange() {
        if child == pid { ending = note(change) ?? ending }
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
      nonet_stop_self(signal)
      return nil
    case .continued:
      isStopped = false
      return nil
    case .exited(let code): return .exited(code)
    case .killed(let signal): return .killed(signal)
    }
  }
}
