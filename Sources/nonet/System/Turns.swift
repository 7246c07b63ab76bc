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
}
