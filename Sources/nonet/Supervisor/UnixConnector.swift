internal import BPFAssembler
internal import CLinuxShims

/// Connects AF_UNIX sockets for threads whose policy refuses connect: to what `--allow-unix` names.
final class UnixConnector {
  /// What became of a connect.
  enum Answer: Equatable {
    /// It was performed, and the thread knows.
    case performed
    /// The policy's refusal stands.
    case refuse(CInt)
    /// It failed as it may without a policy: nobody listens, or there is no such path.
    case fail(CInt)
    /// The other end has no room yet.
    case later

    /// What the call answers, where that is known and no success.
    var errno: CInt? {
      switch self {
      case .refuse(let number), .fail(let number): number
      case .performed, .later: nil
      }
    }
  }

  /// A connect that was answered later, with what the log wants to know.
  struct Answered {
    let answer: Answer
    let attempt: Attempt
    let thread: Identities.Thread?
  }

  private struct Pending {
    let request: ConnectRequest
    let refusal: CInt
    let attempt: Attempt
    let thread: Identities.Thread?
    let deadline: Moment?
    var delay: Int64
    var due: Moment
  }

  private let allowance: UnixAllowance
  private let listener: Listener
  private let complain: (String) -> Void
  private var inside = InsideListeners()
  private var domains: InnerDomains
  /// Whether a call is landlock_restrict_self(2), which has one number for all ABIs.
  private let restrictSelf = Syscall(named: "landlock_restrict_self")?.number(on: .host)
  private var pending: [Pending] = []
  private var hasWarned = false

  /// So many connects wait at a time; beyond, a socket that waits is answered as one that does not.
  private static let mostPending = 64
  /// In microseconds: how soon a full backlog is tried again, at first and at most.
  private static let delays: ClosedRange<Int64> = 1_000...50_000

  /// - Parameters:
  ///   - allowance: What may be reached.
  ///   - listener: Where threads wait.
  ///   - complain: Tells a person what went wrong.
  init(
    _ allowance: UnixAllowance, _ listener: Listener,
    complain: @escaping (String) -> Void
  ) {
    self.allowance = allowance
    self.listener = listener
    self.complain = complain
    domains = InnerDomains(abi: allowance.landlockABI)
  }

  /// Notes what counts later of a call that the policy allows, before the kernel makes it: that the
  /// process of a thread listens, or enters a Landlock domain.
  func note(_ notification: nonet_notification) {
    if notification.number == restrictSelf {
      noteDomain(notification)
    } else {
      noteListener(notification)
    }
  }

  private func noteDomain(_ notification: nonet_notification) {
    let start = ThreadStatus(of: notification.thread).flatMap { startTime(of: $0.process) }
    // Otherwise it is not made, or what was read is of another process.
    if listener.isWaiting(notification.id) { domains.note(start) }
  }

  private func noteListener(_ notification: nonet_notification) {
    guard allowance.allowsInside, let status = ThreadStatus(of: notification.thread) else { return }
    do throws(SystemError) {
      let number = try processNumber(status.process)
      // Otherwise the number may be that of another process, with the same id.
      guard listener.isWaiting(notification.id) else { return }
      if !inside.insert(number) {
        warn(
          "--allow-unix: more processes listen than are kept in mind; the sockets of further ones "
            + "stay out of reach")
      }
    } catch {
      warn(
        "--allow-unix: a process that listens could not be noted "
          + "(\(error.call): \(error.reason)); its sockets stay out of reach")
    }
  }

  /// Performs a connect or says why not.
  ///
  /// - Parameters:
  ///   - notification: The thread that waits.
  ///   - attempt: Its call.
  ///   - refusal: What the policy answers.
  ///   - thread: Who it is, for the log.
  /// - Returns: What became of it; a refusal is the caller's to give.
  func connect(
    _ notification: nonet_notification, _ attempt: Attempt, refusal: CInt,
    _ thread: Identities.Thread?
  ) -> Answer {
    if attempt.evidence.isUnreadable { return .refuse(refusal) }
    let request: ConnectRequest
    do throws(ConnectRequest.Obstacle) {
      request = try ConnectRequest(
        attempt.call, attempt.evidence.address ?? [], of: notification.thread, notification.id,
        allowance: allowance, domains, listener)
    } catch {
      switch error {
      case .notAllowed: return .refuse(refusal)
      case .errno(let number): return .fail(number)
      }
    }
    let answer = perform(request, refusal)
    guard answer == .later else { return answer }
    guard pending.count < Self.mostPending else { return .fail(EAGAIN) }
    let now = Moment.now
    let delay = Self.delays.lowerBound
    pending.append(
      Pending(
        request: request, refusal: refusal, attempt: attempt, thread: thread,
        deadline: request.patience.map { now.later($0) }, delay: delay, due: now.later(delay)))
    return .later
  }

  /// How long poll(2) may wait, in milliseconds; -1 for as long as it takes.
  var timeout: CInt {
    guard let due = pending.map({ $0.due }).min() else { return -1 }
    return CInt(max(0, min((due.microseconds - Moment.now.microseconds + 999) / 1000, 1000)))
  }

  /// Tries again what is due.
  ///
  /// - Returns: The connects that are answered now; who is gone is forgotten.
  func retry() -> [Answered] {
    if pending.isEmpty { return [] }
    keepWatch()
    let now = Moment.now
    var answered: [Answered] = []
    var waiting: [Pending] = []
    for var one in pending {
      guard one.due <= now else {
        waiting.append(one)
        continue
      }
      guard listener.isWaiting(one.request.id) else { continue }
      var answer = perform(one.request, one.refusal)
      if answer == .later, let deadline = one.deadline, deadline <= now { answer = .fail(EAGAIN) }
      // A signal with a handler ends the wait, as it ends that of connect(2).
      if answer == .later, ThreadStatus(of: one.request.thread)?.hasSignalToHandle ?? false {
        answer = .fail(EINTR)
      }
      if answer == .later {
        one.delay = min(2 * one.delay, Self.delays.upperBound)
        one.due = min(now.later(one.delay), one.deadline ?? now.later(one.delay))
        waiting.append(one)
      } else {
        answered.append(Answered(answer: answer, attempt: one.attempt, thread: one.thread))
        if let number = answer.errno { _ = listener.refuse(one.request.id, with: number) }
      }
    }
    pending = waiting
    return answered
  }

  private func perform(_ request: ConnectRequest, _ refusal: CInt) -> Answer {
    switch request.perform(inside, listener) {
    case .connected:
      _ = listener.succeed(request.id)
      return .performed
    case .outside: return .refuse(refusal)
    case .failed(EAGAIN) where request.isBlocking: return .later
    case .failed(let number): return .fail(number)
    }
  }

  private func warn(_ message: String) {
    if hasWarned { return }
    hasWarned = true
    complain(message)
  }
}
