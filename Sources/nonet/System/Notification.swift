internal import CLinuxShims

/// A system call that waits for an answer, as the kernel tells of it (seccomp_unotify(2)).
struct Notification {
  /// The wait; no other call ever has the same.
  let id: UInt64
  let thread: pid_t
  let number: UInt32
  /// The audit value of the call's ABI.
  let arch: UInt32
  /// Six of them; the last two lanes are 0.
  let arguments: SIMD8<UInt64>

  init(_ notification: nonet_notification) {
    id = notification.id
    thread = notification.thread
    number = notification.number
    arch = notification.arch
    let from = notification.arguments
    arguments = [from.0, from.1, from.2, from.3, from.4, from.5, 0, 0]
  }
}
