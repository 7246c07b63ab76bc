internal import CLinuxShims

/// The end of a listener where calls are received and answered (seccomp_unotify(2)).
final class Listener {
  let number: CInt
  /// Where a call is received, in memory that outlives this process.
  var slot: UnsafeMutablePointer<nonet_slot>
  /// Why an answer could not be given to a thread that waits for it still; only closing helps it then.
  private(set) var failure: SystemError?

  init(number: CInt, slot: UnsafeMutablePointer<nonet_slot>) {
    self.number = number
    self.slot = slot
  }

  /// The next call that waits; `nil` where its thread is gone already.
  ///
  /// - Throws: Any errno but ENOENT: nothing can be answered then.
  func receive() throws(SystemError) -> Notification? {
    var notification = nonet_notification()
    do throws(SystemError) {
      _ = try attempt("SECCOMP_IOCTL_NOTIF_RECV") { nonet_receive(number, slot, &notification) }
      return Notification(notification)
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

  /// Whether calls wait that nobody has received.
  var hasCalls: Bool { nonet_has_calls(number) == 1 }

  /// Makes the kernel run caller and supervisor in turn on one processor, where it can (Linux 6.6).
  func wakeSynchronously() { _ = nonet_wake_synchronously(number) }

  /// Whether no process is left behind the filter (Linux 5.9).
  var isAbandoned: Bool { nonet_is_abandoned(number) == 1 }

  func close() { _ = CLinuxShims.close(number) }
}

/// Reads memory of another process; hostile, and only as valid as the thread's wait for an answer.
///
/// Another thread may work meanwhile (`Turns`). A page that never comes, because its own process has to
/// bring it, leaves the reading thread behind, and this does not return.
///
/// - Returns: Whether all of the bytes were read; only a worker reads.
func readMemory(
  of thread: pid_t, at address: UInt64, into bytes: UnsafeMutableRawBufferPointer
) -> Bool {
  guard let base = bytes.baseAddress else { return false }
  return nonet_read_memory(thread, address, base, bytes.count) == 0
}
