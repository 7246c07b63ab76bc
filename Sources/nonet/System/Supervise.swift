internal import CLinuxShims

/// Why a supervised command did not start, by the step at which its process gave up.
struct StartFailure: Error {
  enum Stage { case parent, signals, landlock, filter, exec }

  let stage: Stage
  let number: CInt
}

/// A child that confines itself behind a filter with a listener and becomes the command.
struct SupervisedChild {
  let pid: pid_t
  /// Where the kernel asks about the calls that the filter refuses.
  let listener: CInt
  private let progress: UnsafeMutablePointer<nonet_progress>

  /// Starts the command.
  ///
  /// - Parameters:
  ///   - file: The program, found along PATH unless its name has a slash.
  ///   - arguments: A null-terminated vector, passed on untouched.
  ///   - filter: The bytes of a `struct sock_filter[]`.
  ///   - landlock: The rights that the child's Landlock domain handles, where it gets one.
  /// - Throws: A failed step; nothing runs then.
  init(
    _ file: UnsafePointer<CChar>, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>,
    filter: [UInt8], landlock: (handledNet: UInt64, scoped: UInt64)?
  ) throws(StartFailure) {
    guard let progress = nonet_new_progress() else {
      throw StartFailure(stage: .parent, number: nonet_errno())
    }
    let child = filter.withUnsafeBytes { bytes in
      var start = nonet_start()
      start.filter = bytes.baseAddress
      start.filter_count = UInt16(truncatingIfNeeded: bytes.count / 8)
      start.has_landlock = landlock == nil ? 0 : 1
      start.handled_net = landlock?.handledNet ?? 0
      start.scoped = landlock?.scoped ?? 0
      start.file = file
      // The vector is the same; C promises on top not to write to it.
      start.arguments = UnsafeRawPointer(arguments)
        .assumingMemoryBound(to: UnsafeMutablePointer<CChar>?.self)
      return nonet_start_supervised(&start, progress)
    }
    guard child > 0 else { throw StartFailure(stage: .parent, number: nonet_errno()) }
    pid = child
    self.progress = progress
    // The child says so in shared memory, where no policy can refuse it.
    while true {
      let listener = nonet_listener(progress)
      if listener >= 0 {
        self.listener = listener
        return
      }
      if let failure = Self.failure(progress) {
        _ = waitpid(child, nil, 0)
        throw failure
      }
      var status: CInt = 0
      if waitpid(child, &status, WNOHANG) == child, nonet_listener(progress) < 0 {
        throw Self.failure(progress) ?? StartFailure(stage: .parent, number: ECHILD)
      }
      sleepMicroseconds(50)
    }
  }

  /// Why the command itself could not be run, once the child has ended.
  var failure: StartFailure? { Self.failure(progress) }

  private static func failure(_ progress: UnsafeMutablePointer<nonet_progress>) -> StartFailure? {
    let stage: StartFailure.Stage
    switch nonet_stage(UInt32(bitPattern: nonet_failed_stage(progress))) {
    case NONET_STAGE_NONE: return nil
    case NONET_STAGE_SIGNALS: stage = .signals
    case NONET_STAGE_LANDLOCK: stage = .landlock
    case NONET_STAGE_FILTER: stage = .filter
    case NONET_STAGE_EXEC: stage = .exec
    case _: stage = .parent
    }
    return StartFailure(stage: stage, number: progress.pointee.error)
  }
}

/// Sleeps a little; a signal may cut it short.
func sleepMicroseconds(_ count: Int) {
  var time = timespec(tv_sec: 0, tv_nsec: count * 1000)
  _ = nanosleep(&time, nil)
}

/// Becomes the reaper of the command's orphans, whom processes of the same user may not trace.
///
/// - Returns: Whether this process was a reaper before (prctl(2), PR_SET_CHILD_SUBREAPER).
func becomeSupervisor() throws(SystemError) -> CInt {
  var before: CInt = 0
  _ = try attempt("prctl(PR_SET_CHILD_SUBREAPER)") { nonet_become_supervisor(&before) }
  return before
}

/// Sets back what `becomeSupervisor` changed and a command that takes this process's place would keep.
func setReaper(_ before: CInt) { _ = nonet_set_subreaper(before) }

/// The end of a listener where calls are received and answered (seccomp_unotify(2)).
final class Listener {
  let number: CInt
  /// Why an answer could not be given to a thread that waits for it still; only closing helps it then.
  private(set) var failure: SystemError?

  init(number: CInt) {
    self.number = number
  }

  /// The next call that waits; `nil` where its thread is gone already.
  ///
  /// - Throws: Any errno but ENOENT: nothing can be answered then.
  func receive() throws(SystemError) -> nonet_notification? {
    var notification = nonet_notification()
    do throws(SystemError) {
      _ = try attempt("SECCOMP_IOCTL_NOTIF_RECV") { nonet_receive(number, &notification) }
      return notification
    } catch {
      if error.number == ENOENT { return nil }
      throw error
    }
  }

  /// Answers with an errno.
  ///
  /// - Returns: Whether the thread got it. It waited until then, so what was read of it between
  ///   `receive` and here was read of that very thread.
  func refuse(_ id: UInt64, with errno: CInt) -> Bool { send { nonet_refuse(number, id, errno) } }

  /// Lets the kernel make the call.
  ///
  /// - Returns: As for `refuse`.
  func proceed(_ id: UInt64) -> Bool { send { nonet_continue(number, id) } }

  /// Answers with 0.
  ///
  /// - Returns: As for `refuse`.
  func succeed(_ id: UInt64) -> Bool { send { nonet_succeed(number, id) } }

  private func send(_ answer: () -> CInt) -> Bool {
    do throws(SystemError) {
      _ = try attempt("SECCOMP_IOCTL_NOTIF_SEND", answer)
      return true
    } catch {
      // ENOENT: the thread is gone, or a signal took its call back.
      if error.number != ENOENT { failure = error }
      return false
    }
  }

  /// Whether the thread still waits.
  func isWaiting(_ id: UInt64) -> Bool { nonet_is_waiting(number, id) == 0 }

  /// Makes the kernel run caller and supervisor in turn on one processor, where it can (Linux 6.6).
  func wakeSynchronously() { _ = nonet_wake_synchronously(number) }

  func close() { _ = CLinuxShims.close(number) }
}
