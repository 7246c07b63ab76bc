internal import BPFAssembler

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

  /// A connect by the way in which it is made.
  private enum Request {
    case unix(ConnectRequest)
    case network(NetworkConnect)

    var id: UInt64 {
      switch self {
      case .unix(let one): one.id
      case .network(let one): one.id
      }
    }
    var thread: pid_t {
      switch self {
      case .unix(let one): one.thread
      case .network(let one): one.thread
      }
    }
    var isBlocking: Bool {
      switch self {
      case .unix(let one): one.isBlocking
      case .network(let one): one.isBlocking
      }
    }
    var patience: Int? {
      switch self {
      case .unix(let one): one.patience
      case .network(let one): one.patience
      }
    }
    /// What connect answers that has waited for as long as it was willing to.
    var timeOut: CInt {
      switch self {
      case .unix: EAGAIN
      case .network: EINPROGRESS
      }
    }
  }

  private struct Pending {
    let request: Request
    let refusal: CInt
    let attempt: Attempt
    let thread: Identities.Thread?
    let deadline: Timestamp?
    var delay: Int
    var due: Timestamp
  }

  private let allowance: UnixAllowance
  private let listener: Listener
  private let complain: (String) -> Void
  private var inside = InsideListeners()
  private var files = InsideFiles()
  private let command: pid_t
  private var domains: InnerDomains
  /// The same, for bind.
  private var bindDomains: InnerDomains
  /// Whether a call is landlock_restrict_self(2), which has one number for all ABIs.
  private let restrictSelf = Syscall(named: "landlock_restrict_self")?.number(on: .host)
  private let createRuleset = Syscall(named: "landlock_create_ruleset")?.number(on: .host)
  private var pending: [Pending] = []
  /// The call that is tried again at this moment.
  private var tried: UInt64?
  private var hasWarned = false

  /// So many connects wait at a time; beyond, a socket that waits is answered as one that does not.
  private static let mostPending = 64
  /// And so many where all connects of the network are made here.
  private static let mostPendingOfNetwork = 1024
  /// In microseconds: how soon a full backlog is tried again, at first and at most.
  private static let delays: ClosedRange<Int> = 1_000...50_000

  /// - Parameters:
  ///   - allowance: What may be reached.
  ///   - listener: Where threads wait.
  ///   - command: The first process of the run.
  ///   - complain: Tells a person what went wrong.
  init(
    _ allowance: UnixAllowance, _ listener: Listener, command: pid_t,
    complain: @escaping (String) -> Void
  ) {
    self.allowance = allowance
    self.listener = listener
    self.command = command
    self.complain = complain
    domains = InnerDomains(abi: allowance.landlockABI)
    bindDomains = InnerDomains(abi: allowance.landlockABI, rights: InnerDomains.binding)
  }

  /// Notes what counts later of a call that the policy allows, before the kernel makes it: that the
  /// process of a thread listens, or enters a Landlock domain.
  func note(_ notification: Notification) {
    if notification.number == restrictSelf {
      noteDomain(notification)
    } else if notification.number == createRuleset {
      noteRuleset(notification)
    } else {
      noteListener(notification)
    }
  }

  private func noteDomain(_ notification: Notification) {
    let process = ThreadStatus(of: notification.thread)?.process
    let start = process.flatMap { startTime(of: $0) }
    // Otherwise it is not made, or what was read is of another process.
    guard listener.isWaiting(notification.id) else { return }
    domains.note(process ?? 0, start)
    bindDomains.note(process ?? 0, start)
  }

  /// Looks what a `struct landlock_ruleset_attr` handles of the network, in its second word.
  private func noteRuleset(_ notification: Notification) {
    let (pointer, size, flags) = (
      notification.arguments[0], notification.arguments[1], notification.arguments[2]
    )
    guard flags == 0, size >= 16 else { return }
    var bytes = [UInt8](repeating: 0, count: 8)
    let isRead = bytes.withUnsafeMutableBytes {
      readMemory(of: notification.thread, at: pointer &+ 8, into: $0)
    }
    let rights = bytes.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    domains.note(rulesetHandling: isRead ? rights : nil)
    bindDomains.note(rulesetHandling: isRead ? rights : nil)
  }

  private func noteListener(_ notification: Notification) {
    guard allowance.allowsInside, let status = ThreadStatus(of: notification.thread) else { return }
    noteFile(notification, status.process)
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

  /// Keeps in mind to which file a socket of the command's own network is bound.
  private func noteFile(_ notification: Notification, _ process: pid_t) {
    guard let network = allowance.network else { return }
    let number = CInt(bitPattern: UInt32(truncatingIfNeeded: notification.arguments[0]))
    do throws(SystemError) {
      guard let socket = try UnixSocket(number, of: notification.thread, process),
        socket.network == network
      else { return }
      files.insert(try socket.file())
    } catch {
      // It has no file, or its connects are made as where the network is everybody's.
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
    _ notification: Notification, _ attempt: Attempt, refusal: CInt,
    _ thread: Identities.Thread?
  ) -> Answer {
    let request: Request
    do throws(ConnectRequest.Obstacle) {
      request = try self.request(notification, attempt)
    } catch {
      switch error {
      case .notAllowed: return .refuse(refusal)
      case .errno(let number): return .fail(number)
      }
    }
    let answer = perform(request, refusal)
    guard answer == .later else { return answer }
    let most = allowance.network == nil ? Self.mostPending : Self.mostPendingOfNetwork
    guard pending.count < most else { return .fail(EAGAIN) }
    let now = Timestamp.now
    let delay = Self.delays.lowerBound
    pending.append(
      Pending(
        request: request, refusal: refusal, attempt: attempt, thread: thread,
        deadline: request.patience.map { now.later($0) }, delay: delay, due: now.later(delay)))
    return .later
  }

  /// Finds out what a thread wants to connect to.
  private func request(
    _ notification: Notification, _ attempt: Attempt
  ) throws(ConnectRequest.Obstacle) -> Request {
    let length = Int32(bitPattern: attempt.call.word(2))
    let isMissing = attempt.evidence.isUnreadable || attempt.evidence.address == nil && length > 0
    let address = isMissing ? nil : attempt.evidence.address ?? []
    if allowance.network != nil {
      let network = try NetworkConnect(
        attempt.call, address, of: notification.thread, notification.id, allowance, domains,
        command: command, listener)
      if let network { return .network(network) }
    }
    guard let address else { throw allowance.network == nil ? .notAllowed : .errno(EFAULT) }
    return .unix(
      try ConnectRequest(
        attempt.call, address, of: notification.thread, notification.id, allowance: allowance,
        domains, files, listener))
  }

  /// Binds a socket of IPv4 or IPv6 for a thread, in whatever network inside it was made.
  ///
  /// - Parameters:
  ///   - socket: A copy of the thread's.
  ///   - address: What it points at.
  ///   - notification: The thread that waits.
  ///   - status: What is known of it.
  /// - Returns: The errno of bind(2), 0 for none; `nil` where it may not be done for this thread.
  func bind(
    _ socket: borrowing InternetSocket, to address: [UInt8], _ notification: Notification,
    _ status: ThreadStatus
  ) -> CInt? {
    let thread = notification.thread
    guard allowance.mayServeNetwork(status, thread, bindDomains, command: command),
      let sharesNamespace = sharesUserNamespace(thread),
      listener.isWaiting(notification.id)
    else { return nil }
    // In a user namespace below this one this process may more than the thread, whose own capabilities count.
    if !sharesNamespace, !status.ids.mayBindLowPorts, Endpoint.isLowPort(address) { return EACCES }
    let ids = allowance.ids(of: status, sharesNamespace: sharesNamespace)
    do throws(SystemError) {
      try allowance.own.act(as: ids) { () throws(SystemError) in try socket.bind(to: address) }
      return 0
    } catch {
      return error.call == "bind" && error.number != ETIMEDOUT ? error.number : nil
    }
  }

  /// Whether a Landlock domain of its own may refuse a process a connect in the network.
  func mayRefuseNetwork(_ process: pid_t) -> Bool {
    domains.mayRefuseNetwork(process, command: command)
  }

  /// In how many milliseconds something is to be tried again; -1 for never.
  var delay: CInt {
    guard let due = pending.map({ $0.due }).min() else { return -1 }
    return due.milliseconds(after: .now)
  }

  /// Whether a call is answered later.
  func isPending(_ id: UInt64) -> Bool { pending.contains { $0.request.id == id } }

  /// Tries again what is due; who is gone is forgotten.
  ///
  /// Other threads may add to what is pending meanwhile.
  ///
  /// - Parameter note: Told of each connect that is answered now.
  func retry(_ note: (Answered) -> Void) {
    for one in pending where one.due <= .now {
      let id = one.request.id
      tried = id
      let answer = listener.isWaiting(id) ? self.answer(to: one) : nil
      tried = nil
      guard let index = pending.firstIndex(where: { $0.request.id == id }) else { continue }
      if answer == .later {
        let delay = min(2 * one.delay, Self.delays.upperBound)
        let due = Timestamp.now.later(delay)
        pending[index].delay = delay
        pending[index].due = min(due, one.deadline ?? due)
      } else {
        pending.remove(at: index)
        if let answer { finish(one, answer, note) }
      }
    }
  }

  /// Refuses what the thread that tries again was at when it was left behind.
  func giveUp(_ note: (Answered) -> Void) {
    guard let id = tried, let index = pending.firstIndex(where: { $0.request.id == id }) else {
      return
    }
    tried = nil
    let one = pending.remove(at: index)
    finish(one, .refuse(one.refusal), note)
  }

  /// Refuses all that waits, where nobody can try it again.
  func giveUpAll(_ note: (Answered) -> Void) {
    let given = pending
    pending = []
    for one in given { finish(one, .refuse(one.refusal), note) }
  }

  private func answer(to one: Pending) -> Answer {
    let answer = perform(one.request, one.refusal)
    guard answer == .later else { return answer }
    if let deadline = one.deadline, deadline <= .now { return .fail(one.request.timeOut) }
    // A signal with a handler ends the wait, as it ends that of connect(2).
    let isInterrupted = ThreadStatus(of: one.request.thread)?.hasSignalToHandle ?? false
    return isInterrupted ? .fail(EINTR) : .later
  }

  private func finish(_ one: Pending, _ answer: Answer, _ note: (Answered) -> Void) {
    if let number = answer.errno { _ = listener.refuse(one.request.id, with: number) }
    note(Answered(answer: answer, attempt: one.attempt, thread: one.thread))
  }

  private func perform(_ request: Request, _ refusal: CInt) -> Answer {
    let result: ConnectRequest.Result
    switch request {
    case .network(let one): result = one.perform()
    case .unix(let one):
      result = one.perform(inside, listener)
      if result == .connected, one.lost > 0 {
        warn(
          "not all that a socket had could be carried over to the one that took its place at connect "
            + "(options, copies, epoll sets or owners; see unix-sockets.md)")
      }
    }
    switch result {
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
