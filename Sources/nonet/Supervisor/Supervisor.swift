internal import BPFAssembler
internal import CLinuxShims

/// Answers the calls that the command's filter asks about, and writes down what was tried.
///
/// Threads that work in turn (`Turns`): a worker receives calls and answers them, and does nothing else, so
/// that a call waits as shortly as can be; another one tries connects again whose server has no room. This
/// one waits for signals and for the time at which logs are brought up to date, and looks after them. The
/// workers are there from the first call on, or after some milliseconds; a command that ends sooner and
/// tries nothing does without. Beside all of them a second holder of the listener waits in a process of
/// its own.
final class Supervisor {
  var judge: Judge
  let listener: Listener
  let progress: RunProgress
  var record: Record
  var identities = Identities()
  let kinds = CallKinds()
  /// Where `--allow-unix` lets some connects through.
  let connector: UnixConnector?
  private let signals: SignalReader
  private let command: CommandProcess
  private let complain: (String) -> Void
  private var isListening = true
  private var hasReceiver = false
  /// Whether the other thread is not there yet.
  private var isAlone = true
  /// When the other thread is looked after next; `nil` where that has time until the bell rings.
  private var lookDue: Moment?

  /// So long a run does without the other thread, unless it tries something.
  private static let milliseconds: CInt = 5

  /// Begins with a child that has started.
  ///
  /// - Parameters:
  ///   - judge: Decides.
  ///   - child: The command and the listener of its filter.
  ///   - signals: What this process is sent.
  ///   - record: The logs.
  ///   - sockets: What connect may reach though the policy refuses it, where anything.
  ///   - complain: Tells a person what went wrong.
  init(
    judge: Judge, child: SupervisedChild, signals: SignalReader, record: Record,
    sockets: UnixAllowance? = nil, complain: @escaping (String) -> Void
  ) {
    self.complain = complain
    self.judge = judge
    self.signals = signals
    self.record = record
    progress = child.progress
    let listener = Listener(number: child.listener, slot: child.progress.slot(.first))
    self.listener = listener
    connector = sockets.map { UnixConnector($0, listener, complain: complain) }
    command = CommandProcess(pid: child.pid, listener: child.listener)
    command.second = child.progress.second
    self.judge.protection.holders.second = child.progress.second
  }

  /// Supervises until the command has ended.
  ///
  /// - Returns: How it ended.
  func run() -> Ending {
    listener.wakeSynchronously()
    Turns.take()
    while true {
      if waitForEvents(beside: signals.number) {
        if let ending = command.handle(signals) { return ending }
      } else if command.stopsAgain != nil, !listener.hasCalls {
        command.stopAgain()
      }
      if command.hasLostSecond { startSecond() }
    }
  }

  /// Writes the end of the logs, and leaves somebody behind for what the command leaves running.
  func finish(_ ending: Ending) -> Record {
    record.finish(ending)
    progress.noteOver()
    if isListening, !listener.isAbandoned {
      progress.forkSuccessor { goOn() }
    } else {
      endProcess(command.second)
    }
    return record
  }

  /// Goes on with the same answers, and without logs, until no process is left behind the filter.
  ///
  /// What the supervisor's workers had received when it ended is answered here.
  private func goOn() -> Never {
    closeInherited()
    record = Record(lines: nil, document: nil) { _ in }
    // What was known of threads counts events of the record that is gone.
    identities = Identities()
    listener.slot = progress.slot(.successor)
    nonet_forget_workers()
    (hasReceiver, lookDue, isAlone) = (false, nil, false)
    startReceiver()
    startRetrier()
    var begun = progress.supervisor.handle
    while isListening {
      guard waitForEvents(beside: begun) else { continue }
      begun = -1
      for notification in progress.received where listener.isWaiting(notification.id) {
        if connector?.isPending(notification.id) ?? false { continue }
        if notification.id != nonet_receiver_slot()?.pointee.words.0 { self.handle(notification) }
      }
    }
    _exit(0)
  }

  /// Closes what this process was started with, so that nobody waits for its end.
  private func closeInherited() {
    _ = chdir("/")
    for number: CInt in 0...2 { _ = close(number) }
    do throws(SystemError) {
      for number in try openDescriptors() { _ = nonet_close_inherited(number) }
    } catch {}
    record.close()
  }

  // Waiting ----------------------------------------------------------------------------------------

  /// Gives the other thread its turn until there is something to do, and does it.
  ///
  /// - Parameter descriptor: What is the caller's to look after.
  /// - Returns: Whether that can be read.
  private func waitForEvents(beside descriptor: CInt) -> Bool {
    let receives = !hasReceiver || isAlone
    var requests = [
      pollfd(
        fd: isListening ? listener.number : -1, events: Int16(receives ? POLLIN : 0), revents: 0),
      pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0),
      pollfd(fd: hasReceiver ? Turns.bell : -1, events: Int16(POLLIN), revents: 0),
    ]
    let timeout = timeout
    Turns.give()
    let ready = poll(&requests, nfds_t(requests.count), timeout)
    Turns.take()
    let onListener = ready > 0 ? CInt(requests[0].revents) : 0
    if isAlone, ready == 0 || onListener & POLLIN != 0 {
      isAlone = false
      replaceSecond()
      startReceiver()
    } else if onListener & POLLIN != 0 {
      handleNext()
    } else if onListener != 0 {
      // No process is left behind the filter.
      isListening = false
    }
    lookAfterWorkers(isRung: ready > 0 && requests[2].revents != 0)
    stopIfFailed()
    record.bringUpToDate(at: .now)
    return ready > 0 && requests[1].revents != 0
  }

  /// How long poll(2) may wait, in milliseconds; -1 for as long as it takes.
  private var timeout: CInt {
    if isAlone || command.stopsAgain != nil { return Self.milliseconds }
    var least: CInt = -1
    let look = lookDue.map { $0.milliseconds(after: .now) } ?? -1
    for one in [record.timeout, look] where one >= 0 { least = least < 0 ? one : min(least, one) }
    return least
  }

  private func lookAfterWorkers(isRung: Bool) {
    guard hasReceiver else { return }
    if let due = lookDue {
      if Moment.now < due { return }
    } else if !isRung {
      return
    }
    let look = Turns.look()
    lookDue = look.sleeps ? nil : Moment.now.later(Int64(Turns.patience) * 1000)
    if look.hasLostReceiver {
      let left = Turns.received
      startReceiver()
      if let left { handle(left) }
    }
    if look.hasLostRetrier {
      connector?.giveUp { note($0.answer, $0.attempt, $0.thread) }
      startRetrier()
    }
  }

  /// Whoever could not give an answer stops at once: nobody else may look for long.
  private func stopIfFailed() {
    if let failure = listener.failure, isListening { stopListening(because: failure) }
  }

  /// Closes the listener: every call that waits or comes is refused with ENOSYS by the kernel.
  private func stopListening(because failure: SystemError) {
    isListening = false
    listener.close()
    // It would hold the listener open and answer nothing while this process lives.
    endProcess(command.second)
    complain(
      "calls can no longer be answered (\(failure.call): \(failure.reason)); what the policy refuses "
        + "answers ENOSYS from now on, unrecorded")
  }

  // Helpers ----------------------------------------------------------------------------------------

  /// Starts a second holder with memory of its own in the place of the first one.
  private func replaceSecond() {
    let first = command.second
    startSecond()
    if first > 0, first != command.second, endProcess(first) { _ = waitpid(first, nil, 0) }
  }

  /// Starts a second holder in the place of one that is gone.
  private func startSecond() {
    command.forgetSecond()
    guard isListening else { return }
    do throws(SystemError) {
      try SecondHolder(judge, progress, record.lostLogs).start()
      command.second = progress.second
      judge.protection.holders.second = progress.second
    } catch {
      complain("warning: \(SecondHolder.lack(error))")
    }
  }

  /// Starts the worker that receives; without it this thread does, and reads no memory.
  private func startReceiver() {
    let context = Unmanaged.passUnretained(self).toOpaque()
    let result = nonet_start_receiver(
      listener.number, listener.slot,
      { context, notification, error in
        guard let context, let notification else { return 0 }
        let supervisor = Unmanaged<Supervisor>.fromOpaque(context).takeUnretainedValue()
        return supervisor.receive(notification.pointee, error) ? 1 : 0
      }, context)
    hasReceiver = result == 0
  }

  /// Has a worker try the connects again that wait.
  func startRetrier() {
    guard let connector, connector.delay >= 0 else { return }
    let context = Unmanaged.passUnretained(self).toOpaque()
    let result = nonet_start_retrier(
      { context in
        guard let context else { return -1 }
        return Unmanaged<Supervisor>.fromOpaque(context).takeUnretainedValue().retry()
      }, context)
    if result != 0 { connector.giveUpAll { note($0.answer, $0.attempt, $0.thread) } }
  }

  /// Tries the connects again that are due.
  ///
  /// - Returns: In how many milliseconds some are due again; -1 for never.
  private func retry() -> CInt {
    guard let connector, isListening else { return -1 }
    connector.retry { note($0.answer, $0.attempt, $0.thread) }
    stopIfFailed()
    return isListening ? connector.delay : -1
  }

  /// Answers what the worker has received.
  ///
  /// - Returns: Whether there may be more.
  private func receive(_ notification: nonet_notification, _ error: CInt) -> Bool {
    guard isListening else { return false }
    if error != 0 {
      stopListening(because: SystemError(call: "SECCOMP_IOCTL_NOTIF_RECV", number: error))
      return false
    }
    handle(notification)
    stopIfFailed()
    return isListening
  }

  private func handleNext() {
    do throws(SystemError) {
      if let next = try listener.receive() { handle(next) }
    } catch {
      stopListening(because: error)
    }
  }
}
