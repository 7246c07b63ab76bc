internal import BPFAssembler
internal import CLinuxShims

/// Answers the calls that the command's filter asks about, and writes down what was tried.
///
/// Two threads that work in turn (`Turns`): one receives calls and answers them, and does nothing else,
/// so that a call waits as shortly as can be; the other waits for signals and for the time at which
/// logs are brought up to date. Beside them a second holder of the listener waits in a process of its
/// own. Both are there from the first call on, and from the first milliseconds of the run; a command
/// that ends sooner and tries nothing does without.
final class Supervisor {
  private var judge: Judge
  private let listener: Listener
  private let signals: SignalReader
  private let command: CommandProcess
  private let progress: RunProgress
  private var record: Record
  private var identities: Identities
  private let kinds = CallKinds()
  /// Where `--allow-unix` lets some connects through.
  private let connector: UnixConnector?
  private let complain: (String) -> Void
  private var isListening = true
  private var hasReceiver = false
  private var isSuccessor = false
  /// Whether neither the other thread nor the second holder is there yet.
  private var isAlone = true
  private var secondHolders = 0

  /// So long a run does without its helpers, unless it tries something.
  private static let milliseconds: CInt = 5
  /// So many second holders are started in a run, should one after the other be killed.
  private static let mostSecondHolders = 100

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
    command = CommandProcess(pid: child.pid)
    identities = Identities(count: Identities.count(descriptors: raiseDescriptorLimit()))
  }

  /// Supervises until the command has ended.
  ///
  /// - Returns: How it ended.
  func run() -> Ending {
    listener.wakeSynchronously()
    Turns.take()
    var requests = [
      pollfd(fd: listener.number, events: Int16(POLLIN), revents: 0),
      pollfd(fd: signals.number, events: Int16(POLLIN), revents: 0),
    ]
    while true {
      if !isListening { requests[0].fd = -1 }
      let timeout = timeout
      Turns.give()
      let ready = poll(&requests, nfds_t(requests.count), timeout)
      Turns.take()
      let onListener = ready > 0 ? CInt(requests[0].revents) : 0
      if isAlone, ready == 0 || onListener & POLLIN != 0 {
        startHelpers()
        if hasReceiver { requests[0].events = 0 }
      } else if onListener & POLLIN != 0 {
        handleNext()
      } else if onListener != 0 {
        // No process is left behind the filter.
        isListening = false
      }
      if ready > 0, requests[1].revents != 0, let ending = command.handle(signals) { return ending }
      if command.hasLostSecond { startSecond() }
      retryConnects()
      if let failure = listener.failure, isListening { stopListening(because: failure) }
      record.bringUpToDate(at: .now)
    }
  }

  /// How long poll(2) may wait, in milliseconds; -1 for as long as it takes.
  private var timeout: CInt {
    if isAlone { return Self.milliseconds }
    let (first, second) = (record.timeout, isListening ? connector?.timeout ?? -1 : -1)
    return first < 0 ? second : second < 0 ? first : min(first, second)
  }

  /// Writes the end of the logs, and leaves somebody behind for what the command leaves running.
  func finish(_ ending: Ending) -> Record {
    record.finish(ending)
    progress.noteOver()
    if isListening, !listener.isAbandoned {
      let supervisor = getpid()
      progress.forkSuccessor { goOn(after: supervisor) }
    } else {
      endProcess(command.second)
    }
    return record
  }

  /// Goes on with the same answers, and without logs, until no process is left behind the filter.
  private func goOn(after supervisor: pid_t) -> Never {
    closeInherited()
    isSuccessor = true
    record = Record(lines: nil, document: nil) { _ in }
    judge.protection.holders.first = getpid()
    listener.slot = progress.slot(.successor)
    let handle = nonet_handle(supervisor)
    var requests = [
      pollfd(fd: listener.number, events: Int16(POLLIN), revents: 0),
      pollfd(fd: handle, events: Int16(POLLIN), revents: 0),
    ]
    while isListening, listener.failure == nil {
      let ready = poll(&requests, 2, connector?.timeout ?? -1)
      if ready > 0 {
        let onListener = CInt(requests[0].revents)
        if onListener & POLLIN != 0 {
          handleNext()
        } else if onListener != 0 {
          break
        }
        if requests[1].revents != 0 {
          requests[1].fd = -1
          handleReceived()
        }
      }
      retryConnects()
    }
    _exit(0)
  }

  /// Answers what the supervisor's other thread had received when it ended.
  private func handleReceived() {
    for notification in progress.received where listener.isWaiting(notification.id) {
      if connector?.isPending(notification.id) ?? false { continue }
      handle(notification)
    }
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

  private func startHelpers() {
    isAlone = false
    startSecond()
    startReceiver()
  }

  private func startSecond() {
    guard isListening, secondHolders < Self.mostSecondHolders else { return }
    secondHolders += 1
    command.forgetSecond()
    let holder = SecondHolder(
      judge: judge, listener: listener.number, progress: progress,
      first: (getpid(), nonet_handle(getpid())), logs: record.lostLogs)
    do throws(SystemError) {
      try progress.forkSecond { holder.perform() }
      command.second = progress.second
      judge.protection.holders.second = progress.second
    } catch {
      complain(
        "warning: nobody could be started to go on should this supervisor be killed (\(error.call): "
          + "\(error.reason)); what the policy refuses would answer ENOSYS then")
    }
    if holder.first.handle >= 0 { _ = close(holder.first.handle) }
  }

  // Receiving --------------------------------------------------------------------------------------

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

  /// Answers what the other thread has received.
  ///
  /// - Returns: Whether there may be more.
  private func receive(_ notification: nonet_notification, _ error: CInt) -> Bool {
    guard isListening else { return false }
    if error != 0 {
      stopListening(because: SystemError(call: "SECCOMP_IOCTL_NOTIF_RECV", number: error))
      return false
    }
    handle(notification)
    return isListening && listener.failure == nil
  }

  private func handleNext() {
    do throws(SystemError) {
      if let next = try listener.receive() { handle(next) }
    } catch {
      stopListening(because: error)
    }
  }

  private func retryConnects() {
    guard let connector, isListening else { return }
    for one in connector.retry() { note(one.answer, one.attempt, one.thread) }
  }

  private func handle(_ notification: nonet_notification) {
    let call = Call(notification)
    let ruling = judge.ruling(on: call, by: notification.thread)
    let kind = kinds.kind(of: call)
    guard let verdict = ruling.verdict else {
      if ruling.isOwn {
        _ = answer(.proceed, notification.id)
      } else if let connector {
        connector.noteListener(notification)
        _ = answer(.proceed, notification.id)
      } else {
        handleAllowed(call, kind, notification)
      }
      return
    }
    let evidence = Evidence(call, kind, read: reader(of: notification.thread))
    let thread = identities.thread(notification.thread, at: .now)
    if kind == .connect, let connector, case .refuse(let number) = ruling.answer {
      let attempt = Attempt(
        call: call, kind: kind, evidence: evidence, peer: nil, verdict: verdict, isProbe: false,
        thread: notification.thread)
      let answer = connector.connect(notification, attempt, refusal: number, thread)
      if let number = answer.errno {
        guard listener.refuse(notification.id, with: number) else { return }
      }
      if answer == .later {
        progress.keepWaiting(isSuccessor ? .successor : .first, listener.isWaiting)
      }
      note(answer, attempt, thread)
      return
    }
    guard answer(ruling.answer, notification.id) else { return }
    let attempt = Attempt(
      call: call, kind: kind, evidence: evidence, peer: nil, verdict: verdict,
      isProbe: ruling.isWithdrawn && kind == .other, thread: notification.thread)
    record.add(attempt, by: thread)
  }

  /// Writes down what became of a connect, once that is known.
  private func note(
    _ answer: UnixConnector.Answer, _ attempt: Attempt, _ thread: Identities.Thread?
  ) {
    switch answer {
    case .performed: record.add(attempt.answered(.allowed, isProbe: true), by: thread)
    case .refuse(let number):
      record.add(attempt.answered(.refused(number), isProbe: false), by: thread)
    case .fail(let number):
      record.add(attempt.answered(.refused(number), isProbe: true), by: thread)
    case .later: return
    }
  }

  /// Lets a call through and looks where it sends to.
  private func handleAllowed(
    _ call: Call, _ kind: CallKind, _ notification: nonet_notification
  ) {
    let number = notification.thread
    let evidence = Evidence(call, kind, wantsPayload: true, read: reader(of: number))
    let thread = identities.thread(number, at: .now)
    let peer = NetworkPeer(
      of: CInt(bitPattern: call.word(0)), in: number, thread?.identity.process ?? number)
    guard answer(.proceed, notification.id), let peer else { return }
    let attempt = Attempt(
      call: call, kind: kind, evidence: evidence, peer: peer, verdict: .observed, isProbe: false,
      thread: number)
    record.add(attempt, by: thread)
  }

  /// Gives the answer.
  ///
  /// - Returns: Whether the thread waited until then; otherwise nothing that was read is certain.
  private func answer(_ answer: Answer, _ id: UInt64) -> Bool {
    switch answer {
    case .refuse(let errno): listener.refuse(id, with: errno)
    case .proceed: listener.proceed(id)
    }
  }

  private func reader(of thread: pid_t) -> Evidence.Reader {
    { address, count in
      var bytes = [UInt8](repeating: 0, count: count)
      let isRead = bytes.withUnsafeMutableBytes { readMemory(of: thread, at: address, into: $0) }
      return isRead ? bytes : nil
    }
  }
}
