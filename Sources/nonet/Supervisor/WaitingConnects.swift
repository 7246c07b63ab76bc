/// Blocking connects whose other end has not answered yet.
final class WaitingConnects {
  /// A connect that is answered, with what the log wants to know.
  struct Answered {
    let answer: NetworkSockets.Answer
    let attempt: Attempt
    let thread: Identities.Thread?
  }

  private struct Pending {
    let connect: OuterConnect
    let attempt: Attempt
    let refusal: CInt
    let thread: Identities.Thread?
    let deadline: Timestamp?
    var delay: Int
    var due: Timestamp
  }

  private var pending: [Pending] = []
  /// The call that is looked at at this moment.
  private var tried: UInt64?

  /// So many wait at a time.
  private static let most = 64
  /// In microseconds: how soon one is looked at again, at first and at most.
  private static let delays: ClosedRange<Int> = 500...20_000

  /// Adds a connect that has begun.
  ///
  /// - Returns: Whether there was room.
  func add(
    _ connect: OuterConnect, _ attempt: Attempt, refusal: CInt, _ thread: Identities.Thread?
  ) -> Bool {
    guard pending.count < Self.most else { return false }
    let now = Timestamp.now
    let delay = Self.delays.lowerBound
    pending.append(
      Pending(
        connect: connect, attempt: attempt, refusal: refusal, thread: thread,
        deadline: connect.patience.map { now.later($0) }, delay: delay, due: now.later(delay)))
    return true
  }

  /// In how many milliseconds one is to be looked at again; -1 for never.
  var delay: CInt {
    guard let due = pending.map({ $0.due }).min() else { return -1 }
    return due.milliseconds(after: .now)
  }

  /// Whether a call is answered later.
  func contains(_ id: UInt64) -> Bool { pending.contains { $0.connect.id == id } }

  /// Looks at what is due.
  ///
  /// Other threads may add to what waits meanwhile.
  ///
  /// - Parameters:
  ///   - listener: Where the threads wait.
  ///   - note: Told of each that is answered now.
  func retry(_ listener: Listener, _ note: (Answered) -> Void) {
    for one in pending where one.due <= .now {
      let id = one.connect.id
      tried = id
      let isWaiting = listener.isWaiting(id)
      let answer = isWaiting ? Self.answer(one, listener) : nil
      tried = nil
      guard let index = pending.firstIndex(where: { $0.connect.id == id }) else { continue }
      if isWaiting, answer == nil {
        let delay = min(2 * one.delay, Self.delays.upperBound)
        let due = Timestamp.now.later(delay)
        pending[index].delay = delay
        pending[index].due = min(due, one.deadline ?? due)
      } else {
        pending.remove(at: index)
        if let answer {
          note(Answered(answer: answer, attempt: one.attempt, thread: one.thread))
        }
      }
    }
  }

  /// Refuses what the thread that looks was at when it was left behind.
  func giveUp(_ listener: Listener, _ note: (Answered) -> Void) {
    guard let id = tried, let index = pending.firstIndex(where: { $0.connect.id == id }) else {
      return
    }
    tried = nil
    refuse(pending.remove(at: index), listener, note)
  }

  /// Refuses all.
  func giveUpAll(_ listener: Listener, _ note: (Answered) -> Void) {
    let given = pending
    pending = []
    for one in given { refuse(one, listener, note) }
  }

  private func refuse(_ one: Pending, _ listener: Listener, _ note: (Answered) -> Void) {
    _ = listener.refuse(one.connect.id, with: one.refusal)
    note(Answered(answer: .refuse(one.refusal), attempt: one.attempt, thread: one.thread))
  }

  /// Gives the answer, where there is one by now.
  private static func answer(_ one: Pending, _ listener: Listener) -> NetworkSockets.Answer? {
    do throws(SystemError) {
      if try one.connect.hasConnected() {
        try one.connect.put(listener, hasWaited: true)
        _ = listener.succeed(one.connect.id)
        return .given(isTold: true)
      }
      let isOver = one.deadline.map { $0 <= .now } ?? false
      let isInterrupted = ThreadStatus(of: one.connect.thread)?.hasSignalToHandle ?? false
      guard isOver || isInterrupted else { return nil }
      // As in the kernel the connect goes on without the thread.
      try one.connect.put(listener, hasWaited: true)
      _ = listener.refuse(one.connect.id, with: isOver ? EINPROGRESS : EINTR)
      return .given(isTold: true)
    } catch {
      _ = listener.refuse(one.connect.id, with: error.number)
      return .fail(error.number)
    }
  }
}
