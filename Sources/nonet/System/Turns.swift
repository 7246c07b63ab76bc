internal import CLinuxShims

/// The two threads of a supervisor: one receives calls, the other waits for everything else.
///
/// Each works only in its turn, so nothing is ever changed by both.
enum Turns {
  /// Waits until this thread has its turn.
  static func take() { nonet_take_turn() }

  /// Lets the other thread work.
  static func give() { nonet_give_turn() }

  /// The thread id of the one that receives; 0 where there is none yet.
  static var receiver: pid_t { nonet_receiver() }

  /// Can be read when the other thread begins to read memory of a caller; -1 where there is none.
  static var bell: CInt { nonet_bell() }

  /// How long a read of memory may take, in milliseconds; it takes up to twice as long to be noticed.
  static let patience: CInt = 150

  /// What became of the other thread since the last look.
  struct Look {
    /// The call that it had received, where it was left behind in the kernel.
    let leftBehind: nonet_notification?
    /// Whether nobody need look again before the bell rings.
    let sleeps: Bool
  }

  /// Looks after the other thread, `patience` after the last time.
  static func look() -> Look {
    var sleeps: CInt = 0
    guard nonet_watch_reads(&sleeps) == 1, let slot = nonet_receiver_slot() else {
      return Look(leftBehind: nil, sleeps: sleeps == 1)
    }
    var notification = nonet_notification()
    let isThere = nonet_look(slot, &notification) == 1
    return Look(leftBehind: isThere ? notification : nil, sleeps: false)
  }
}
