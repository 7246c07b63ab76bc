internal import BPFAssembler

/// Gives a command sockets of IPv4 and IPv6 that lead nowhere, and connects those that may lead somewhere.
///
/// The command never holds a socket of the network outside that is not connecting or connected: only such
/// ones take the place of one that leads nowhere, by `OuterConnect`. Where the command has a network of its own it
/// makes sockets there itself, and what does not lead outside is left to its `UnixConnector`.
final class NetworkSockets {
  /// What becomes of a call.
  enum Answer {
    /// The thread has its answer; the log tells of the call where it reached something.
    case given(isTold: Bool)
    /// The thread believes that its datagrams have somewhere to go; they are refused, and told of then.
    case believed
    /// The policy's refusal stands.
    case refuse(CInt)
    /// It fails as it may without a policy.
    case fail(CInt)
    /// The other end has not answered yet.
    case later
    /// The kernel makes the call.
    case proceed
  }

  private let allowance: NetworkAllowance
  private let listener: Listener
  private var makers: SocketMakers
  /// Who makes all other connects, where the network is the command's own.
  private let connector: UnixConnector?
  private var domains: InnerDomains
  /// The network that is the command's own, where it has one.
  private let inside: UInt64?
  private let restrictSelf = Syscall(named: "landlock_restrict_self")?.number(on: .host)
  let waiting = WaitingConnects()
  var resolvers = Resolvers()

  /// - Parameters:
  ///   - allowance: What may be reached.
  ///   - makers: Who makes sockets.
  ///   - listener: Where threads wait.
  ///   - connector: Who makes all other connects.
  init(
    _ allowance: NetworkAllowance, _ makers: SocketMakers, _ listener: Listener,
    _ connector: UnixConnector?
  ) {
    self.allowance = allowance
    self.makers = makers
    self.listener = listener
    self.connector = makers.isPrivate ? connector : nil
    inside = makers.isPrivate ? ownNetwork : nil
    domains = InnerDomains(abi: allowance.landlockABI)
  }

  /// What is answered to a call that the policy allows and a socket of this kind does not.
  var refusal: CInt { allowance.refusal }

  /// Who makes the sockets and must not be ended by the command; 0 once there is nobody any more.
  var maker: pid_t { isAlone ? 0 : makers.number }
  private var isAlone = false

  /// Whether the command has a network of its own.
  var isPrivate: Bool { makers.isPrivate }

  /// Goes on in another process, which has no maker yet.
  func startAnew() {
    // A process that was born in the network of the command's own never gets out of it.
    if isPrivate {
      isAlone = true
      return OutsideMaker.forget()
    }
    do throws(EmptyNetwork.Problem) {
      makers = .empty(try EmptyNetwork())
    } catch {
      // Without a maker no socket is made any more.
      return
    }
  }

  /// Notes that a thread enters a Landlock domain of its own, before it does.
  func note(_ notification: Notification) {
    guard notification.number == restrictSelf else { return }
    let process = ThreadStatus(of: notification.thread)?.process
    let start = process.flatMap { startTime(of: $0) }
    if listener.isWaiting(notification.id) { domains.note(process ?? notification.thread, start) }
  }

  /// Answers a call that the policy refuses.
  ///
  /// - Parameters:
  ///   - notification: The thread that waits.
  ///   - attempt: Its call, and what it points at.
  ///   - refusal: What the policy answers.
  ///   - thread: Who it is, for the log.
  /// - Returns: `nil` where the call is about no socket of this kind.
  func answer(
    _ notification: Notification, _ attempt: Attempt, refusal: CInt, _ thread: Identities.Thread?
  ) -> Answer? {
    let call = attempt.call
    switch attempt.kind {
    case .socket: return isPrivate ? nil : make(call, notification.id, refusal)
    case .connect: return connect(notification, attempt, refusal, thread)
    case .shutdown: return shutDown(call, notification, refusal)
    case .socketpair, .bind, .listen, .sendto, .sendmsg, .sendmmsg, .socketcall, .other: return nil
    }
  }

  /// Decides about a call that the policy allows and the filter asks about.
  ///
  /// Registers and memory may say something else by the time the kernel makes a call that goes on. What it
  /// can do then it does on a socket that leads nowhere, or on one that is connected: neither listens
  /// outside, nor reaches anybody else.
  ///
  /// - Returns: What becomes of it, `.proceed` for what is no socket of this kind; and where a send without
  ///   an address would go.
  func decide(
    _ notification: Notification, _ attempt: Attempt
  ) -> (answer: Answer, peer: NetworkPeer?) {
    let call = attempt.call
    switch attempt.kind {
    case .bind: break
    case .listen, .sendto, .sendmsg, .sendmmsg:
      if isPrivate { return (.proceed, nil) }
    case .socket, .socketpair, .connect, .shutdown, .socketcall, .other: return (.proceed, nil)
    }
    do throws(SystemError) {
      guard let status = ThreadStatus(of: notification.thread) else {
        return (.refuse(refusal), nil)
      }
      let number = CInt(bitPattern: call.word(0))
      guard let socket = try InternetSocket(number, of: notification.thread, status.process) else {
        return (.proceed, nil)
      }
      if let connector { return (bind(socket, attempt, notification, status, connector), nil) }
      return decide(socket, attempt, notification.id)
    } catch {
      // What cannot be looked at may be anything.
      return (error.number == EBADF ? .fail(EBADF) : .refuse(refusal), nil)
    }
  }

  private func decide(
    _ socket: borrowing InternetSocket, _ attempt: Attempt, _ id: UInt64
  ) -> (answer: Answer, peer: NetworkPeer?) {
    switch attempt.kind {
    case .listen: return (.refuse(refusal), nil)
    case .bind:
      return (bind(socket, attempt.call, attempt.evidence.address, id, refusal), nil)
    case _:
      // A stream is sent to its peer, whatever the address says.
      if socket.isStream { return (.proceed, nil) }
      if attempt.evidence.address != nil { return (.refuse(refusal), nil) }
      guard let peer = resolvers.takeQuery(of: socket.number) else { return (.proceed, nil) }
      return (.refuse(refusal), peer)
    }
  }

  // One call each ----------------------------------------------------------------------------------

  private func make(_ call: Call, _ id: UInt64, _ refusal: CInt) -> Answer? {
    let (family, type) = (call.word(0), call.word(1))
    guard family == UInt32(AF_INET) || family == UInt32(AF_INET6) else { return nil }
    // Neither raw sockets nor protocols by which a connected one could be another's.
    let protocols: [UInt32]
    switch type & 0xf {
    case SocketType.stream: protocols = [0, 6]
    case SocketType.datagram: protocols = [0, 17]
    case _: return .refuse(refusal)
    }
    guard protocols.contains(call.word(2)) else { return .refuse(refusal) }
    // SOCK_NONBLOCK and SOCK_CLOEXEC.
    if type & ~0x8080f != 0 { return .fail(EINVAL) }
    do throws(SystemError) {
      let socket = try makers.inner(family, type, call.word(2))
      try listener.give(socket, closesOnExec: type & 0x80000 != 0, id)
      makers.prepare()
      return .given(isTold: false)
    } catch {
      return error.number == ESRCH ? .refuse(refusal) : .fail(error.number)
    }
  }

  /// Binds a socket of a network inside; what is outside has its address, or had one.
  private func bind(
    _ socket: borrowing InternetSocket, _ attempt: Attempt, _ notification: Notification,
    _ status: ThreadStatus, _ connector: UnixConnector
  ) -> Answer {
    let length = Int32(bitPattern: attempt.call.word(2))
    let errno: CInt
    if socket.network == makers.outside || length < 0 || length > UnixSocket.mostAddressBytes {
      errno = EINVAL
    } else if attempt.evidence.isUnreadable || attempt.evidence.address == nil && length > 0 {
      errno = EFAULT
    } else {
      let address = attempt.evidence.address ?? []
      guard let answer = connector.bind(socket, to: address, notification, status) else {
        return .refuse(refusal)
      }
      errno = answer
    }
    // In its own network the answers are the kernel's, and no attempts.
    if errno == 0 {
      _ = listener.succeed(notification.id)
    } else {
      _ = listener.refuse(notification.id, with: errno)
    }
    return .given(isTold: false)
  }

  private func bind(
    _ socket: borrowing InternetSocket, _ call: Call, _ address: [UInt8]?, _ id: UInt64,
    _ refusal: CInt
  ) -> Answer {
    guard let address, address.count >= 4, address.count == Int(call.word(2)) else {
      return .fail(EINVAL)
    }
    // A port that somebody shall find: nobody ever would.
    guard address[2] == 0, address[3] == 0 else { return .refuse(refusal) }
    guard socket.network != makers.outside else { return .fail(EINVAL) }
    // The socket may be of somebody who has the number of a thread that is gone.
    guard listener.isWaiting(id) else { return .refuse(refusal) }
    do throws(SystemError) {
      try socket.bind(to: address)
      _ = listener.succeed(id)
      return .given(isTold: false)
    } catch {
      return error.number == ETIMEDOUT ? .refuse(refusal) : .fail(error.number)
    }
  }

  private func shutDown(_ call: Call, _ notification: Notification, _ refusal: CInt) -> Answer {
    guard let status = ThreadStatus(of: notification.thread) else { return .refuse(refusal) }
    do throws(SystemError) {
      let number = CInt(bitPattern: call.word(0))
      let result = try listener.shutDown(
        number, of: notification.thread, status.process, how: CInt(bitPattern: call.word(1)),
        outside: makers.outside, notification.id)
      if case .isConnecting = result { return replace(number, notification, status, refusal) }
      _ = listener.succeed(notification.id)
      return .given(isTold: false)
    } catch {
      let isOurs = error.number == EPERM || error.number == ETIMEDOUT
      return isOurs ? .refuse(refusal) : .fail(error.number)
    }
  }

  /// Puts a socket that leads nowhere in the place of one that is connected or connects.
  private func replace(
    _ number: CInt, _ notification: Notification, _ status: ThreadStatus, _ refusal: CInt
  ) -> Answer {
    do throws(SystemError) {
      try exchange(number, notification, status)
      _ = listener.succeed(notification.id)
      return .given(isTold: false)
    } catch {
      return error.number == ESRCH ? .refuse(refusal) : .fail(error.number)
    }
  }

  private func exchange(
    _ number: CInt, _ notification: Notification, _ status: ThreadStatus
  ) throws(SystemError) {
    guard let theirs = try InternetSocket(number, of: notification.thread, status.process),
      let closesOnExec = nonet.closesOnExec(
        number, of: notification.thread, socket: theirs.number)
    else { throw SystemError(call: "connect", number: EBADF) }
    let type = SocketType.stream | (theirs.isBlocking ? 0 : 0x800)
    let made = try makers.inner(theirs.family, type, 0)
    try theirs.carry(to: made.number)
    try listener.put(made.number, as: number, closesOnExec: closesOnExec, notification.id)
  }

  private func connect(
    _ notification: Notification, _ attempt: Attempt, _ refusal: CInt, _ thread: Identities.Thread?
  ) -> Answer? {
    let (call, number) = (attempt.call, CInt(bitPattern: attempt.call.word(0)))
    guard let status = ThreadStatus(of: notification.thread) else { return .refuse(refusal) }
    let theirs: InternetSocket
    do throws(SystemError) {
      guard let socket = try InternetSocket(number, of: notification.thread, status.process) else {
        return nil
      }
      theirs = socket
    } catch {
      // Whoever makes the others meets the same, and answers as the kernel does there.
      if isPrivate { return nil }
      return error.number == EBADF ? .fail(EBADF) : .refuse(refusal)
    }
    // It may be of somebody who has the number of a thread that is gone.
    guard listener.isWaiting(notification.id) else { return .refuse(refusal) }
    let isOutside = theirs.network == makers.outside
    let (isTCP, network) = (theirs.isTCP, theirs.network)
    if isPrivate, !isOutside, !isTCP || network != inside { return nil }
    if attempt.evidence.isUnreadable { return isPrivate && !isOutside ? nil : .refuse(refusal) }
    let destination = Destination(
      attempt.evidence.address ?? [], length: Int32(bitPattern: call.word(2)),
      isVersion6: theirs.isVersion6)
    switch destination {
    case .invalid(let errno): return isPrivate && !isOutside ? nil : .fail(errno)
    case .nobody:
      if isPrivate, !isOutside { return nil }
      if isOutside { return replace(number, notification, status, refusal) }
      _ = listener.succeed(notification.id)
      return .given(isTold: false)
    case .endpoint(let endpoint):
      guard theirs.isStream else {
        guard allowance.wantsDestinations, endpoint.port == 53 else { return .refuse(refusal) }
        // The query tells more than its server does; it is refused at the send.
        guard listener.succeed(notification.id) else { return .given(isTold: false) }
        resolvers.note(theirs.number, attempt.evidence.address ?? [], attempt, thread)
        return .believed
      }
      let isAllowed = allowance.endpoints.allow(endpoint)
      if isPrivate, !isOutside, !isAllowed { return nil }
      if isOutside || isPrivate, let errno = Self.answer(of: theirs) {
        _ = listener.refuse(notification.id, with: errno)
        return .given(isTold: false)
      }
      if isPrivate, !isAllowed { return goInside(number, notification, status, refusal) }
      guard isAllowed, !isHeldBack(status, notification.thread) else {
        return .refuse(refusal)
      }
      if endpoint.isVersion4, theirs.isVersion6, theirs.isVersion6Only { return .fail(ENETUNREACH) }
      return connect(number, theirs, to: endpoint, notification, attempt, status, refusal, thread)
    }
  }

  private func connect(
    _ number: CInt, _ theirs: borrowing InternetSocket, to endpoint: Endpoint,
    _ notification: Notification, _ attempt: Attempt, _ status: ThreadStatus, _ refusal: CInt,
    _ thread: Identities.Thread?
  ) -> Answer {
    do throws(SystemError) {
      let connect = try OuterConnect(
        number, theirs, notification.id, of: notification.thread, status, allowance.own, makers)
      if try connect.begin(endpoint, isVersion6: theirs.isVersion6) {
        try connect.put(listener, hasWaited: false)
        _ = listener.succeed(notification.id)
        if isPrivate { makers.prepare() }
        return .given(isTold: true)
      }
      if !connect.isBlocking {
        try connect.put(listener, hasWaited: false)
        _ = listener.refuse(notification.id, with: EINPROGRESS)
        return .given(isTold: true)
      }
      return waiting.add(connect, attempt, refusal: refusal, thread) ? .later : .fail(EAGAIN)
    } catch {
      // Without a maker there is nobody to ask.
      let isOurs = error.call != "connect" && (error.number == EPERM || error.number == ESRCH)
      return isOurs ? .refuse(refusal) : .fail(error.number)
    }
  }

  /// What the kernel answers to a connect on a socket that has been connected once; `nil` where that has
  /// failed and it may be tried again.
  private static func answer(of socket: borrowing InternetSocket) -> CInt? {
    switch socket.state {
    case .connecting: EALREADY
    case .closed: socket.takeError()
    case .other: EISCONN
    }
  }

  /// Exchanges a socket whose connect outside has failed for one of the command's own network, which others
  /// connect then.
  private func goInside(
    _ number: CInt, _ notification: Notification, _ status: ThreadStatus, _ refusal: CInt
  ) -> Answer? {
    do throws(SystemError) {
      try exchange(number, notification, status)
      return nil
    } catch {
      return .fail(error.number)
    }
  }

  private func isHeldBack(_ status: ThreadStatus, _ thread: pid_t) -> Bool {
    if allowance.mayBeHeldBack(status, thread) { return true }
    if let connector { return connector.mayRefuseNetwork(status.process) }
    return domains.mayRefuse(from: NetworkAllowance.firstLandlockABI) {
      startTime(of: status.process)
    }
  }
}
