internal import BPFAssembler

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
  /// Who gives IP sockets to the command, where it gets any.
  let network: NetworkSockets?
  /// Knows which option would have helped, where a person is told.
  var adviser: Adviser?
  /// Whether anybody is told of attempts; else nobody asks who makes them.
  private(set) var isTelling: Bool
  private let signals: SignalReader
  private let command: CommandProcess
  private let complain: (String) -> Void
  private var isListening = true
  private var hasReceiver = false
  /// Whether the other thread is not there yet.
  private var isAlone = true
  /// When the other thread is looked after next; `nil` where that has time until the bell rings.
  private var lookDue: Timestamp?
  /// What the workers do; it lives as long as this does, which is as long as the process.
  private lazy var work = Turns.Work(receive: { self.receive($0, $1) }, retry: { self.retry() })

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
  ///   - supplied: Who makes IP sockets for the command, and what they may reach.
  ///   - relay: Who carries what comes from outside; 0 where nobody does.
  ///   - isTelling: Whether anybody is told of attempts.
  ///   - adviser: Knows which option would help, where a person is told.
  ///   - complain: Tells a person what went wrong.
  init(
    judge: Judge, child: SupervisedChild, signals: SignalReader, record: Record,
    sockets: UnixAllowance? = nil, supplied: (NetworkAllowance, SocketMakers)? = nil,
    relay: pid_t = 0, isTelling: Bool, adviser: Adviser? = nil,
    complain: @escaping (String) -> Void
  ) {
    self.complain = complain
    self.adviser = adviser
    self.isTelling = isTelling
    self.judge = judge
    self.signals = signals
    self.record = record
    progress = child.progress
    let listener = Listener(number: child.listener, slot: child.progress.slot(.first))
    self.listener = listener
    let connector = sockets.map {
      UnixConnector($0, listener, command: child.pid, complain: complain)
    }
    self.connector = connector
    network = supplied.map { NetworkSockets($0.0, $0.1, listener, connector) }
    command = CommandProcess(pid: child.pid, listener: child.listener)
    command.second = child.progress.second
    command.relay = relay
    self.judge.protection.holders.second = child.progress.second
    self.judge.protection.holders.maker = self.network?.maker ?? 0
    self.judge.protection.holders.relay = relay
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
      if command.hasLostRelay { noteLostRelay() }
    }
  }

  /// Writes the end of the logs, and leaves somebody behind for what the command leaves running.
  func finish(_ ending: Ending) -> Record {
    noteUnasked()
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
    OwnProcess.closeInherited()
    record.close()
    record = Record(lines: nil, document: nil) { _ in }
    adviser = nil
    isTelling = false
    // What was known of threads counts events of the record that is gone.
    identities = Identities()
    listener.slot = progress.slot(.successor)
    Turns.forget()
    (hasReceiver, lookDue, isAlone) = (false, nil, false)
    network?.startAnew()
    judge.protection.holders.maker = network?.maker ?? 0
    judge.protection.holders.relay = 0
    startReceiver()
    startRetrier()
    var begun = progress.supervisor.handle
    while isListening {
      guard waitForEvents(beside: begun) else { continue }
      begun = -1
      for notification in progress.received where listener.isWaiting(notification.id) {
        if connector?.isPending(notification.id) ?? false { continue }
        if network?.waiting.contains(notification.id) ?? false { continue }
        if notification.id != Turns.receivedID { self.handle(notification) }
      }
    }
    OwnProcess.end()
  }

  // Waiting ----------------------------------------------------------------------------------------

  /// Gives the other thread its turn until there is something to do, and does it.
  ///
  /// - Parameter descriptor: What is the caller's to look after.
  /// - Returns: Whether that can be read.
  private func waitForEvents(beside descriptor: CInt) -> Bool {
    let receives = !hasReceiver || isAlone
    let bell = hasReceiver ? Turns.bell : -1
    let timeout = timeout
    Turns.give()
    let ready = Readiness.wait(
      .init(descriptor: isListening ? listener.number : -1, readsInput: receives),
      .init(descriptor: descriptor), .init(descriptor: bell), for: timeout)
    Turns.take()
    if isAlone, ready.isTimeOver || ready.first == .input {
      isAlone = false
      replaceSecond()
      startReceiver()
    } else if ready.first == .input {
      handleNext()
    } else if ready.first == .end {
      // No process is left behind the filter.
      isListening = false
    }
    lookAfterWorkers(isRung: ready.third != .nothing)
    stopIfFailed()
    record.bringUpToDate(at: .now)
    return ready.second != .nothing
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
      if Timestamp.now < due { return }
    } else if !isRung {
      return
    }
    let look = Turns.look()
    lookDue = look.sleeps ? nil : Timestamp.now.later(Int(Turns.patience) * 1000)
    if look.hasLostReceiver {
      let left = Turns.received
      startReceiver()
      if let left { handle(left) }
    }
    if look.hasLostRetrier {
      connector?.giveUp { note($0.answer, $0.attempt, $0.thread) }
      network?.waiting.giveUp(listener) { note($0.answer, $0.attempt, $0.thread) }
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
    if first > 0, first != command.second, endProcess(first) { reap(first) }
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

  /// Whoever outside connects gets no answer from here on.
  private func noteLostRelay() {
    command.forgetRelay()
    judge.protection.holders.relay = 0
    complain("warning: who listens outside for --allow-listen has ended; nobody gets in any more")
  }

  /// Starts the worker that receives; without it this thread does, and reads no memory.
  private func startReceiver() {
    hasReceiver = Turns.startReceiver(work, on: listener)
  }

  /// Has a worker try the connects again that wait.
  func startRetrier() {
    guard retryDelay >= 0 else { return }
    if !Turns.startRetrier(work) {
      connector?.giveUpAll { note($0.answer, $0.attempt, $0.thread) }
      network?.waiting.giveUpAll(listener) { note($0.answer, $0.attempt, $0.thread) }
    }
  }

  /// Tries the connects again that are due.
  ///
  /// - Returns: In how many milliseconds some are due again; -1 for never.
  private func retry() -> CInt {
    guard isListening else { return -1 }
    connector?.retry { note($0.answer, $0.attempt, $0.thread) }
    network?.waiting.retry(listener) { note($0.answer, $0.attempt, $0.thread) }
    stopIfFailed()
    return isListening ? retryDelay : -1
  }

  /// In how many milliseconds a connect that waits is looked at again; -1 for never.
  private var retryDelay: CInt {
    let (first, second) = (connector?.delay ?? -1, network?.waiting.delay ?? -1)
    return first < 0 || second < 0 ? max(first, second) : min(first, second)
  }

  /// Answers what the worker has received.
  ///
  /// - Returns: Whether there may be more.
  private func receive(_ notification: Notification, _ error: CInt) -> Bool {
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
