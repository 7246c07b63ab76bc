internal import CLinuxShims

/// The signals of a supervisor, read as data (signalfd(2)).
struct SignalReader {
  let number: CInt

  /// One signal, and whether a process sent it rather than the kernel.
  struct Signal {
    let number: CInt
    let isFromProcess: Bool
    let sender: pid_t
  }

  /// Blocks the signals; the child of `SupervisedChild` gets the caller's mask back.
  init() throws(SystemError) {
    number = try attempt("signalfd") { nonet_watch_signals() }
  }

  /// Takes the mask back in this process.
  func close() {
    _ = nonet_unwatch_signals()
    _ = CLinuxShims.close(number)
  }

  /// The next signal, or `nil` where none is there.
  func next() -> Signal? {
    var information = signalfd_siginfo()
    let size = MemoryLayout<signalfd_siginfo>.size
    guard read(number, &information, size) == size else { return nil }
    return Signal(
      number: CInt(bitPattern: information.ssi_signo), isFromProcess: information.ssi_code <= 0,
      sender: pid_t(bitPattern: information.ssi_pid))
  }
}

/// What waitpid(2) told of a child.
enum ChildChange {
  case stopped(CInt)
  case continued
  case exited(CInt)
  case killed(CInt)
}

/// The next change of any child, or `nil` where nothing changed.
///
/// - Throws: The errno of waitpid(2): ECHILD where no child is left.
func nextChildChange() throws(SystemError) -> (pid: pid_t, change: ChildChange)? {
  var status: CInt = 0
  let pid = try attempt("waitpid") { waitpid(-1, &status, WNOHANG | WUNTRACED | WCONTINUED) }
  if pid == 0 { return nil }
  let stop = nonet_stop_signal(status)
  if stop != 0 { return (pid, .stopped(stop)) }
  if nonet_is_continued(status) != 0 { return (pid, .continued) }
  let end = nonet_end_signal(status)
  return (pid, end != 0 ? .killed(end) : .exited(nonet_exit_status(status)))
}
