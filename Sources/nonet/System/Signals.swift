internal import CLinuxShims

/// Every signal that can be blocked, blocked: from here on a failed write is an errno, and nothing but
/// SIGKILL and SIGSTOP ends or stops this process.
struct BlockedSignals {
  init() throws(SystemError) { _ = try attempt("sigprocmask") { nonet_block_signals() } }

  /// Reads them as data; those that wait already are kept for the command.
  func reader() throws(SystemError) -> SignalReader {
    let reader = SignalReader(number: try attempt("signalfd") { nonet_read_signals() })
    nonet_note_waiting_signals(reader.number, 0)
    return reader
  }
}

/// The signals of a supervisor, read as data (signalfd(2)).
struct SignalReader {
  let number: CInt

  /// One signal, with all that the kernel tells of it.
  struct Signal {
    fileprivate let information: signalfd_siginfo

    var number: CInt { CInt(bitPattern: information.ssi_signo) }
    /// Whether a process sent it rather than the kernel.
    var isFromProcess: Bool { information.ssi_code <= 0 }
    var sender: pid_t { pid_t(bitPattern: information.ssi_pid) }

    /// Sends the signal on, with the value that it carries.
    func pass(to process: pid_t) {
      var information = information
      _ = nonet_pass_signal(process, &information)
    }
  }

  fileprivate init(number: CInt) {
    self.number = number
  }

  /// Gives mask, timers and waiting signals back to this process.
  func restore() {
    nonet_note_waiting_signals(number, 1)
    _ = close(number)
    _ = nonet_unwatch_signals()
  }

  /// The next signal but those for writes of our own that failed; `nil` where none is there.
  func next() -> Signal? {
    var information = signalfd_siginfo()
    let size = MemoryLayout<signalfd_siginfo>.size
    while read(number, &information, size) == size {
      if nonet_is_own_failure(&information) == 0 { return Signal(information: information) }
    }
    return nil
  }
}

/// Ends this process by a signal, as the command was ended, so that the parent sees the same.
///
/// It comes back in the first process of a pid namespace, which no such signal ends.
func endProcess(by signal: CInt) { nonet_end_by(signal) }

/// What waitpid(2) told of a child.
enum ChildChange {
  case stopped(CInt)
  case continued
  case exited(CInt)
  case killed(CInt)

  /// Whether the child is no more.
  var isEnd: Bool {
    switch self {
    case .exited, .killed: true
    case .stopped, .continued: false
    }
  }
}

/// The next change of any child, or `nil` where nothing changed.
///
/// A child that made this process its tracer (PTRACE_TRACEME) is let go with the signal that stopped
/// it: such a stop is none of job control.
///
/// - Throws: The errno of waitpid(2): ECHILD where no child is left.
func nextChildChange() throws(SystemError) -> (pid: pid_t, change: ChildChange)? {
  while true {
    var status: CInt = 0
    let pid = try attempt("waitpid") {
      waitpid(-1, &status, WNOHANG | WUNTRACED | WCONTINUED)
    }
    if pid == 0 { return nil }
    let stop = nonet_stop_signal(status)
    if stop != 0 {
      if nonet_let_go(pid, stop) == 0 { continue }
      return (pid, .stopped(stop))
    }
    if nonet_is_continued(status) != 0 { return (pid, .continued) }
    let end = nonet_end_signal(status)
    return (pid, end != 0 ? .killed(end) : .exited(nonet_exit_status(status)))
  }
}
