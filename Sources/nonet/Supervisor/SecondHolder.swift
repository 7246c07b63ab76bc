internal import BPFAssembler
internal import CLinuxShims

/// Who holds the listener beside the supervisor, and goes on with the same refusals should that one be
/// killed: the command notices nothing, and nobody else can take the supervisor's place.
///
/// A process of its own, in a session of its own, without terminal, pipes or working folder, for which
/// nobody waits. It ends with the last process behind the filter.
struct SecondHolder {
  /// Answers as the supervisor does, but for connects that `--allow-unix` lets through.
  let judge: Judge
  /// The descriptors that `noteLoss` needs.
  let kept: [CInt]
  /// Tells the logs that the supervisor is gone.
  let noteLoss: () -> Void

  /// Waits for the supervisor's end, and goes on in its place where that was not an end by plan.
  func perform(_ progress: RunProgress) -> Never {
    var holder = getppid()
    guard let listener = progress.listener(from: holder) else { _exit(0) }
    var handle = nonet_handle(holder)
    guard closeAll(but: kept + [listener, handle]) else { _exit(0) }
    _ = chdir("/")
    while true {
      wait(for: holder, handle)
      let successor = progress.successor
      if successor <= 0 || successor == holder { break }
      _ = close(handle)
      (holder, handle) = (successor, nonet_handle(successor))
    }
    if !progress.isOver { noteLoss() }
    answer(Listener(number: listener, slot: progress.slot(.first)), progress)
  }

  private func wait(for holder: pid_t, _ handle: CInt) {
    guard handle >= 0 else {
      // An outer filter may refuse pidfd_open(2). Whoever was the parent is so until its end.
      while getppid() == holder { sleepMicroseconds(100_000) }
      return
    }
    var request = pollfd(fd: handle, events: Int16(POLLIN), revents: 0)
    while poll(&request, 1, -1) < 1 {}
  }

  private func closeAll(but descriptors: [CInt]) -> Bool {
    let sorted = descriptors.filter { $0 >= 0 }.sorted()
    return nonet_close_all_but(sorted, CInt(sorted.count)) == 0
  }

  private func answer(_ listener: Listener, _ progress: RunProgress) -> Never {
    for notification in progress.received where listener.isWaiting(notification.id) {
      answer(notification, listener)
    }
    var request = pollfd(fd: listener.number, events: Int16(POLLIN), revents: 0)
    while listener.failure == nil {
      guard poll(&request, 1, -1) == 1 else { continue }
      // Otherwise no process is left behind the filter.
      guard CInt(request.revents) & POLLIN != 0 else { break }
      do throws(SystemError) {
        if let notification = try listener.receive() { answer(notification, listener) }
      } catch {
        break
      }
    }
    _exit(0)
  }

  private func answer(_ notification: nonet_notification, _ listener: Listener) {
    let ruling = judge.ruling(on: Call(notification), by: notification.thread)
    switch ruling.answer {
    case .refuse(let errno): _ = listener.refuse(notification.id, with: errno)
    case .proceed: _ = listener.proceed(notification.id)
    }
  }
}
