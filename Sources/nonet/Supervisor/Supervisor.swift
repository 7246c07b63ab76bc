internal import BPFAssembler
internal import CLinuxShims

/// Answers the calls that the command's filter asks about, and writes down what was tried.
///
/// One loop, no threads: it waits for calls, for signals and for the time at which logs are brought up
/// to date, whichever comes first.
final class Supervisor {
  let judge: Judge
  let listener: Listener
  let signals: SignalReader
  private let command: CommandProcess
  private var record: Record
  private var identities: Identities
  private let kinds = CallKinds()
  /// Where `--allow-unix` lets some connects through.
  private let connector: UnixConnector?
  private let complain: (String) -> Void
  private var isListening = true

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
    let listener = Listener(number: child.listener)
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
    var requests = [
      pollfd(fd: listener.number, events: Int16(POLLIN), revents: 0),
      pollfd(fd: signals.number, events: Int16(POLLIN), revents: 0),
    ]
    while true {
      if !isListening { requests[0].fd = -1 }
      let ready = poll(&requests, nfds_t(requests.count), timeout)
      if ready > 0 {
        let onListener = CInt(requests[0].revents)
        if onListener & POLLIN != 0 {
          handleCall()
        } else if onListener != 0 {
          stopListening()
        }
        if requests[1].revents != 0, let ending = command.handle(signals) { return ending }
      }
      if let connector, isListening {
        for one in connector.retry() { note(one.answer, one.attempt, one.thread) }
      }
      if let failure = listener.failure, isListening { stopListening(because: failure) }
      if ready == 0 { record.bringUpToDate(at: .now) }
    }
  }

  /// How long poll(2) may wait, in milliseconds; -1 for as long as it takes.
  private var timeout: CInt {
    let (first, second) = (record.timeout, isListening ? connector?.timeout ?? -1 : -1)
    return first < 0 ? second : second < 0 ? first : min(first, second)
  }

  /// Writes the end of the logs.
  func finish(_ ending: Ending) -> Record {
    record.finish(ending)
    return record
  }

  /// Closes the listener: every call that waits or comes is refused with ENOSYS by the kernel.
  private func stopListening(because failure: SystemError? = nil) {
    isListening = false
    listener.close()
    guard let failure else { return }
    complain(
      "calls can no longer be answered (\(failure.call): \(failure.reason)); what the policy refuses "
        + "answers ENOSYS from now on, unrecorded")
  }

  private func handleCall() {
    let notification: nonet_notification
    do throws(SystemError) {
      guard let next = try listener.receive() else { return }
      notification = next
    } catch {
      stopListening(because: error)
      return
    }
    let call = Call(notification)
    let ruling = judge.ruling(on: call)
    let kind = kinds.kind(of: call)
    guard let verdict = ruling.verdict else {
      if let connector {
        connector.note(notification)
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
      let isRead = bytes.withUnsafeMutableBytes {
        readMemoryBounded(of: thread, at: address, into: $0)
      }
      return isRead ? bytes : nil
    }
  }
}
