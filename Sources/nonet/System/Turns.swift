internal import CLinuxShims

/// The threads of a supervisor: one waits for all events, and workers do what touches the command.
///
/// Each works only in its turn, so nothing is ever changed by two. A worker gives its turn away while the
/// kernel may have to wait for the command: for a page or a file that never comes it is left behind.
enum Turns {
  /// Waits until this thread has its turn.
  static func take() { nonet_take_turn() }

  /// Lets another thread work, before this one takes its turn again.
  static func give() { nonet_give_turn_on() }

  /// Can be read when a worker touches the command's memory or files; -1 where there is no worker.
  static var bell: CInt { nonet_bell() }

  /// How long that may take, in milliseconds; it takes up to twice as long to be noticed.
  static let patience: CInt = 250

  /// What became of the workers since the last look.
  struct Look {
    /// Whether the one that receives was left behind in the kernel.
    let hasLostReceiver: Bool
    /// Whether the one that tries again was.
    let hasLostRetrier: Bool
    /// Whether nobody need look again before the bell rings.
    let sleeps: Bool
  }

  /// Looks after the workers, `patience` after the last time.
  static func look() -> Look {
    var sleeps: CInt = 0
    let lost = nonet_look_after_workers(&sleeps)
    return Look(
      hasLostReceiver: lost & CInt(NONET_LOST_RECEIVER) != 0,
      hasLostRetrier: lost & CInt(NONET_LOST_RETRIER) != 0, sleeps: sleeps == 1)
  }

  /// The call that the receiver has received last.
  static var received: Notification? {
    var notification = nonet_notification()
    guard let slot = nonet_receiver_slot(), nonet_look(slot, &notification) == 1 else { return nil }
    return Notification(notification)
  }

  /// The wait of that call, answered or not.
  static var receivedID: UInt64? { nonet_receiver_slot()?.pointee.words.0 }

  /// What workers do, each in its turn.
  final class Work {
    /// Answers a call, or hears of an errno of receiving; returns whether to go on.
    fileprivate let receive: (Notification, CInt) -> Bool
    /// Tries again what waits; returns in how many milliseconds some is due again, or -1.
    fileprivate let retry: () -> CInt

    init(receive: @escaping (Notification, CInt) -> Bool, retry: @escaping () -> CInt) {
      self.receive = receive
      self.retry = retry
    }
  }

  /// Starts the worker that receives calls.
  ///
  /// - Parameters:
  ///   - work: What it does; stays the caller's to keep.
  ///   - listener: Where it receives.
  /// - Returns: Whether there is one now.
  static func startReceiver(_ work: Work, on listener: Listener) -> Bool {
    let context = Unmanaged.passUnretained(work).toOpaque()
    return nonet_start_receiver(
      listener.number, listener.slot,
      { context, notification, error in
        guard let context, let notification else { return 0 }
        let work = Unmanaged<Work>.fromOpaque(context).takeUnretainedValue()
        return work.receive(Notification(notification.pointee), error) ? 1 : 0
      }, context) == 0
  }

  /// Starts the worker that tries again, where there is none at work.
  ///
  /// - Returns: Whether there is one now.
  static func startRetrier(_ work: Work) -> Bool {
    let context = Unmanaged.passUnretained(work).toOpaque()
    return nonet_start_retrier(
      { context in
        guard let context else { return -1 }
        return Unmanaged<Work>.fromOpaque(context).takeUnretainedValue().retry()
      }, context) == 0
  }

  /// Knows of no worker any more: after fork(2), which leaves them behind.
  static func forget() { nonet_forget_workers() }
}
