/// A connect of the network that belongs to the command alone, made on the command's own socket.
///
/// Nothing that can be connected so leads outside. It is made here and not let through, because what
/// belongs to the number could be an AF_UNIX socket by then.
final class NetworkConnect {
  let id: UInt64
  let thread: pid_t
  let isBlocking: Bool
  /// How long the thread is willing to wait, in microseconds; `nil` for ever.
  let patience: Int?
  private let address: [UInt8]
  private let socket: SharedSocket
  private let own: OwnIDs
  private let ids: ThreadIDs

  /// Looks at the socket of a connect; `nil` for one of AF_UNIX.
  ///
  /// - Parameters:
  ///   - call: The connect.
  ///   - address: What it points at, copied once; `nil` where it could not be read.
  ///   - thread: The thread.
  ///   - id: Its wait.
  ///   - allowance: Whose ids are the supervisor's, and what else a thread may have.
  ///   - domains: Knows whether a Landlock domain of the thread's own could refuse it.
  ///   - command: The first process of the run.
  ///   - listener: Knows whether the thread still waits.
  /// - Throws: Why it is not tried.
  init?(
    _ call: Call, _ address: [UInt8]?, of thread: pid_t, _ id: UInt64, _ allowance: UnixAllowance,
    _ domains: InnerDomains, command: pid_t, _ listener: Listener
  ) throws(ConnectRequest.Obstacle) {
    guard let status = ThreadStatus(of: thread) else { throw .notAllowed }
    let number = CInt(bitPattern: call.word(0))
    let socket = try Self.socket(number, of: thread, status.process)
    if socket.family == AF_UNIX { return nil }
    guard [AF_INET, AF_INET6, AF_NETLINK].contains(socket.family) else { throw .notAllowed }
    // One that is outside goes on to nobody else, whatever has become of its connect.
    if let outside = allowance.outside {
      guard let network = socket.network, network != outside else { throw .notAllowed }
    }
    let length = Int32(bitPattern: call.word(2))
    guard length >= 0, length <= UnixSocket.mostAddressBytes else { throw .errno(EINVAL) }
    guard let address else { throw .errno(EFAULT) }
    guard
      allowance.mayServeNetwork(
        status, thread, socket.family == AF_NETLINK ? nil : domains, command: command)
    else { throw .notAllowed }
    guard let sharesNamespace = sharesUserNamespace(thread) else { throw .notAllowed }
    self.id = id
    self.thread = thread
    self.address = address
    isBlocking = socket.isBlocking
    patience = socket.sendTimeout
    own = allowance.own
    ids = allowance.ids(of: status, sharesNamespace: sharesNamespace)
    self.socket = socket
    // All that was asked about the thread is its own if it still waits.
    guard listener.isWaiting(id) else { throw .errno(ENOENT) }
  }

  private static func socket(
    _ number: CInt, of thread: pid_t, _ process: pid_t
  ) throws(ConnectRequest.Obstacle) -> SharedSocket {
    do throws(SystemError) {
      if let socket = try SharedSocket(number, of: thread, process) { return socket }
    } catch {
      throw error.number == EPERM || error.number == ETIMEDOUT
        ? .notAllowed : .errno(error.number)
    }
    throw .errno(ENOTSOCK)
  }

  /// Connects.
  ///
  /// - Returns: EAGAIN where a thread that is willing to wait has to.
  func perform() -> ConnectRequest.Result {
    do throws(SystemError) {
      try own.act(as: ids) { () throws(SystemError) in try socket.connect(to: address) }
      return .connected
    } catch {
      if error.number == EPERM, error.call != "connect" { return .outside }
      if isBlocking, error.number == EINPROGRESS || error.number == EALREADY {
        return .failed(EAGAIN)
      }
      return .failed(error.number)
    }
  }
}
