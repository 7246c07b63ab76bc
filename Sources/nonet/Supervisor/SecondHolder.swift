internal import BPFAssembler

/// Who holds the listener beside the supervisor, and goes on with the same refusals should that one be
/// killed: the command notices nothing, and nobody else can take the supervisor's place.
///
/// A process of its own, in a session of its own, without terminal, pipes or working folder, for which
/// nobody waits. It ends with the last process behind the filter.
struct SecondHolder {
  /// Answers as the supervisor does, but for connects that `--allow-unix` lets through.
  let judge: Judge
  let progress: RunProgress
  /// Tells the logs that the supervisor is gone, by these descriptors.
  let logs: LostLogs

  /// What a person is told where there is none.
  static func lack(_ error: SystemError) -> String {
    "nobody could be started to go on should this supervisor be killed (\(error.call): "
      + "\(error.reason)); what the policy refuses would answer ENOSYS then"
  }

  /// Which one it is.
  private let number: Int

  /// - Throws: EAGAIN where there were too many already.
  init(_ judge: Judge, _ progress: RunProgress, _ logs: LostLogs) throws(SystemError) {
    self.judge = judge
    self.progress = progress
    self.logs = logs
    guard let number = progress.nextSecond() else {
      throw SystemError(call: "fork", number: EAGAIN)
    }
    self.number = number
  }

  /// Starts one before the command, at little cost.
  ///
  /// It shares the supervisor's memory, and touches it only once that one has ended. `start` replaces it
  /// as soon as there is more to the run.
  ///
  /// - Throws: The errno of clone(2), or why the supervisor has no handle of itself.
  func begin() throws(SystemError) {
    guard progress.supervisor.handle >= 0 else { return try start() }
    try progress.beginSecond { perform() }
  }

  /// Starts one in a process of its own.
  ///
  /// - Throws: The errno of fork(2).
  func start() throws(SystemError) { try progress.forkSecond { perform() } }

  /// Waits for the supervisor's end, and goes on in its place where that was not an end by plan.
  private func perform() -> Never {
    var (holder, handle) = progress.supervisor
    // A command that is about to begin tells in the next microseconds; one that failed never does.
    var patience = 2000
    while progress.listener < 0, patience > 0 {
      patience -= 1
      sleepMicroseconds(1000)
    }
    let listener = progress.listener
    let kept = logs.descriptors + [Readiness.takePrepared()]
    guard listener >= 0, OwnProcess.closeAll(but: kept + [listener, handle]) else {
      OwnProcess.end()
    }
    OwnProcess.leaveFolder()
    while true {
      waitForEnd(of: holder, handle)
      let successor = progress.successor
      if successor <= 0 || successor == holder { break }
      closeQuietly(handle)
      (holder, handle) = (successor, processHandle(successor))
    }
    if !progress.isOver { logs.note() }
    answer(Listener(number: listener, slot: progress.slot(.second(number))))
  }

  private func answer(_ listener: Listener) -> Never {
    // Those were the supervisor's.
    Turns.forget()
    var judge = judge
    judge.protection.holders = OwnProtection.Holders()
    for notification in progress.received where listener.isWaiting(notification.id) {
      judge.answer(notification, listener)
    }
    while listener.failure == nil {
      let ready = Readiness.wait(listener.number)
      if ready == .nothing { continue }
      // Otherwise no process is left behind the filter.
      guard ready == .input else { break }
      do throws(SystemError) {
        if let notification = try listener.receive() { judge.answer(notification, listener) }
      } catch {
        break
      }
    }
    OwnProcess.end()
  }
}

/// The logs that a killed supervisor leaves without an end.
struct LostLogs {
  /// The supervisor.
  let process: pid_t
  /// The log of lines, where it is a regular file.
  let lines: CInt?
  /// The document, by its folder and name.
  let document: (folder: CInt, name: [UInt8])?

  /// What must stay open for `note`.
  var descriptors: [CInt] { [lines ?? -1, document?.folder ?? -1] }

  /// Writes that end.
  func note() {
    if let lines { _ = LineLog.appendLost(lines, of: process) }
    if let document { _ = LostDocuments.mark(folder: document.folder, name: document.name) }
  }
}

extension Judge {
  /// Gives the answer, and does nothing else.
  fileprivate func answer(_ notification: Notification, _ listener: Listener) {
    switch ruling(on: Call(notification), by: notification.thread).answer {
    case .refuse(let errno): _ = listener.refuse(notification.id, with: errno)
    case .proceed: _ = listener.proceed(notification.id)
    }
  }
}
