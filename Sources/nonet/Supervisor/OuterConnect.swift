/// A TCP connect that a thread waits for, made by a socket of ours that is to become the thread's.
///
/// The thread's own socket leads nowhere and is never connected. Ours is connected to an address that was
/// written anew from the allowed one, so nothing that changes in the command's memory matters.
final class OuterConnect {
  let id: UInt64
  let thread: pid_t
  let isBlocking: Bool
  /// How long the thread is willing to wait, in microseconds; `nil` for ever.
  let patience: Int?
  private let number: CInt
  private let closesOnExec: Bool
  private let socket: OuterSocket
  /// The thread's socket, and the process whose descriptor it is.
  private let replaced: UInt64
  private let process: pid_t

  /// Makes the socket; nothing is connected yet.
  ///
  /// - Parameters:
  ///   - number: The thread's descriptor.
  ///   - theirs: A copy of it.
  ///   - id: The thread's wait.
  ///   - thread: The thread.
  ///   - status: What is known of it.
  ///   - own: The ids of this process.
  ///   - makers: Who makes sockets.
  /// - Throws: The errno of socket(2), or EPERM where the thread's ids may not be taken.
  init(
    _ number: CInt, _ theirs: borrowing InternetSocket, _ id: UInt64, of thread: pid_t,
    _ status: ThreadStatus, _ own: OwnIDs, _ makers: SocketMakers
  ) throws(SystemError) {
    self.id = id
    self.thread = thread
    self.number = number
    process = status.process
    replaced = theirs.number
    isBlocking = theirs.isBlocking
    patience = theirs.sendTimeout
    guard let closesOnExec = nonet.closesOnExec(number, of: thread, socket: replaced)
    else {
      throw SystemError(call: "connect", number: EPERM)
    }
    self.closesOnExec = closesOnExec
    socket = try makers.outer(isVersion6: theirs.isVersion6, as: status.ids, own)
    try theirs.carry(to: socket.descriptor.number)
  }

  /// Connects.
  ///
  /// - Returns: Whether that is over.
  func begin(_ endpoint: Endpoint, isVersion6: Bool) throws(SystemError) -> Bool {
    if try socket.connect(to: endpoint.socketAddress(isVersion6: isVersion6)) { return true }
    return isBlocking ? try hasConnected() : false
  }

  /// Whether a connect that has begun is over.
  func hasConnected() throws(SystemError) -> Bool { try socket.hasConnected() }

  /// Puts the socket in the place of the thread's.
  ///
  /// - Parameters:
  ///   - listener: Where the thread waits.
  ///   - hasWaited: Whether another thread may have closed the descriptor meanwhile and opened something under
  ///     its number.
  /// - Throws: Why it is not there; the call answers that errno.
  func put(_ listener: Listener, hasWaited: Bool) throws(SystemError) {
    if hasWaited, !isThere { throw SystemError(call: "connect", number: EBADF) }
    if isBlocking { try socket.block() }
    try listener.put(socket.descriptor.number, as: number, closesOnExec: closesOnExec, id)
  }

  private var isThere: Bool {
    do throws(SystemError) {
      guard let now = try InternetSocket(number, of: thread, process) else { return false }
      return now.number == replaced
    } catch {
      return false
    }
  }
}
