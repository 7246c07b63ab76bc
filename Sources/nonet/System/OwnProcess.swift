internal import CLinuxShims

/// This process: its numbers, what surrounds it, and its end.
enum OwnProcess {
  static var number: pid_t { getpid() }
  static var group: pid_t { getpgrp() }
  static var user: uid_t { getuid() }
  static var effectiveUser: uid_t { geteuid() }

  /// Ends at once, with nothing flushed and no handler called: for a process made by fork(2).
  static func end() -> Never { _exit(0) }

  /// Stops by a signal, as the shell outside expects of a job; comes back when this process is continued.
  ///
  /// - Parameters:
  ///   - signal: The signal.
  ///   - child: Whoever continues or ends this child has this process continued.
  ///   - listener: So does a call that waits there.
  /// - Returns: Who continues this process then, a process that has ended by now.
  static func stop(by signal: CInt, until child: pid_t, _ listener: CInt) -> pid_t {
    let watcher = nonet_watch_stopped(child, listener)
    nonet_stop_self(signal)
    nonet_end_watcher(watcher)
    return watcher
  }

  /// Lets go of the working folder, which could not be unmounted else.
  static func leaveFolder() { _ = chdir("/") }

  /// Lets go of the working folder and of what this process was started with, so that nobody waits for
  /// its end.
  static func closeInherited() {
    leaveFolder()
    for number: CInt in 0...2 { closeQuietly(number) }
    do throws(SystemError) {
      for number in try openDescriptors() { _ = nonet_close_inherited(number) }
    } catch {}
  }

  /// Closes all descriptors but these; -1 stands for none.
  ///
  /// - Returns: Whether it could be done.
  static func closeAll(but descriptors: [CInt]) -> Bool {
    let sorted = descriptors.filter { $0 >= 0 }.sorted()
    return nonet_close_all_but(sorted, CInt(sorted.count)) == 0
  }
}

/// The process group of a thread; -1 where it is gone.
func processGroup(of thread: pid_t) -> pid_t { getpgid(thread) }

/// A handle of a process, which can be read once that one has ended (pidfd_open(2)); -1 where the kernel
/// or an outer filter gives none.
func processHandle(_ process: pid_t) -> CInt { nonet_handle(process) }

/// Waits for the end of a process that was the parent of this one, or is.
///
/// - Parameters:
///   - process: Its number.
///   - handle: A handle of it; -1 where there is none.
func waitForEnd(of process: pid_t, _ handle: CInt) {
  guard handle >= 0 else {
    // Whoever was the parent is so until its end.
    while getppid() == process { sleepMicroseconds(100_000) }
    return
  }
  var request = pollfd(fd: handle, events: Int16(POLLIN), revents: 0)
  // Only POLLIN means its end; a descriptor that is none any more says nothing, nor does a wait that cannot be.
  while true {
    let count = nonet_wait(&request, 1, -1)
    if count < 0, nonet_errno() == EINVAL { break }
    if count < 1 { continue }
    if CInt(request.revents) & POLLIN != 0 { return }
    if CInt(request.revents) & POLLNVAL != 0 { break }
  }
  waitForEnd(of: process, -1)
}

/// Takes note of the end of a child, and waits for it.
func reap(_ process: pid_t) { _ = waitpid(process, nil, 0) }

/// The present by CLOCK_REALTIME, in microseconds since 1970 (UTC).
func currentMicroseconds() -> Int {
  var time = timespec()
  _ = clock_gettime(CLOCK_REALTIME, &time)
  return Int(time.tv_sec) * 1_000_000 + Int(time.tv_nsec) / 1000
}
