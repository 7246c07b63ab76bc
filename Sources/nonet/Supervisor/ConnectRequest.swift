/// A connect that a thread waits for, and the socket of ours that is to become the thread's.
///
/// The thread's own socket is never connected: another thread could write to it before the other end
/// is known. Only a socket whose other end may be reached takes its place.
final class ConnectRequest {
  let id: UInt64
  let thread: pid_t
  private let number: CInt
  private let closesOnExec: Bool
  let isBlocking: Bool
  /// How long the thread is willing to wait, in microseconds; `nil` for ever.
  let patience: Int?
  private let ids: ThreadIDs
  private let own: OwnIDs
  private let allowance: UnixAllowance
  private let target: Target
  private let socket: UnixSocket
  /// The thread's socket, and the process whose descriptor it is.
  private let replaced: UInt64?
  private let process: pid_t
  /// Whether the socket is the thread's own: what it is connected to was made inside.
  private let isInPlace: Bool
  private var hasWaited = false
  /// How much of what the thread's socket had is not carried over.
  private(set) var lost: CInt = 0

  private enum Target {
    case file(PinnedFile, isNamed: Bool, folder: AllowedFolder?)
    case abstract([UInt8])
  }

  /// Why a connect is not tried, by what the call answers.
  enum Obstacle: Error, Equatable {
    /// It is not one that is allowed.
    case notAllowed
    /// The kernel would have refused it too.
    case errno(CInt)
  }

  /// How an attempt to connect ended.
  enum Result: Equatable {
    case connected
    /// The other end may not be reached, or not in time; it may have seen a connection that closes at once.
    case outside
    case failed(CInt)
  }

  /// Finds out what a thread wants to connect to; nothing is connected yet.
  ///
  /// - Parameters:
  ///   - call: Its connect.
  ///   - address: What it points at, copied once.
  ///   - thread: The thread.
  ///   - id: Its wait.
  ///   - allowance: What may be reached.
  ///   - domains: Knows whether a Landlock domain of the thread's own could refuse it.
  ///   - files: To what sockets are bound that were made inside.
  ///   - listener: Knows whether the thread still waits.
  /// - Throws: Why it is not tried.
  init(
    _ call: Call, _ address: [UInt8], of thread: pid_t, _ id: UInt64, allowance: UnixAllowance,
    _ domains: InnerDomains, _ files: InsideFiles, _ listener: Listener
  ) throws(Obstacle) {
    self.id = id
    self.thread = thread
    own = allowance.own
    self.allowance = allowance
    number = CInt(bitPattern: call.word(0))
    guard let status = ThreadStatus(of: thread), !allowance.mayBeHeldBack(status, thread) else {
      throw .notAllowed
    }
    let theirs = try Self.socket(number, of: thread, status.process)
    guard let address = UnixAddress(address, length: Int32(bitPattern: call.word(2))) else {
      throw .errno(EINVAL)
    }
    let isAbstract = if case .abstract = address { true } else { false }
    let process = status.process
    if domains.mayRefuse(isAbstract: isAbstract, { startTime(of: process) }) { throw .notAllowed }
    if theirs.isListening { throw .errno(EINVAL) }
    if theirs.isConnected { throw .errno(EISCONN) }
    guard let closesOnExec = nonet.closesOnExec(number, of: thread),
      let sharesNamespace = sharesUserNamespace(thread)
    else { throw .notAllowed }
    self.closesOnExec = closesOnExec
    self.process = process
    replaced = theirs.number
    isBlocking = theirs.isBlocking
    patience = theirs.sendTimeout
    var ids = status.ids
    // Capabilities count in the namespace of their owner, and nowhere above it.
    ids.capabilities = sharesNamespace ? ids.capabilities & own.ids.capabilities : 0
    self.ids = ids
    do throws(SystemError) {
      let places = try Places(of: thread)
      // All that was asked about the thread is its own if it still waits.
      guard listener.isWaiting(id) else { throw SystemError(call: "connect", number: ENOENT) }
      let network = theirs.network
      let isOfOwnNetwork = network != nil && network == allowance.network
      let canStay: Bool
      switch address {
      case .abstract(let name):
        // Names are looked up in the socket's own network.
        guard allowance.allowsInside, network != nil, isOfOwnNetwork || network == ownNetwork else {
          throw SystemError(call: "connect", number: EPERM)
        }
        target = .abstract(name)
        canStay = isOfOwnNetwork
      case .path(let path):
        let file = try own.act(as: ids) { () throws(SystemError) -> PinnedFile in
          try places.pin(path)
        }
        let (isNamed, folder) = (allowance.names(file), allowance.folder(of: file))
        // What is no socket is left to the kernel, which never connects to it.
        guard allowance.allowsInside || isNamed || folder != nil || !file.isSocket else {
          throw SystemError(call: "connect", number: EPERM)
        }
        target = .file(file, isNamed: isNamed, folder: folder)
        canStay = isOfOwnNetwork && files.contains(file)
      }
      isInPlace = canStay
      // The socket in its place could not have that address.
      guard canStay || !theirs.isBound else { throw SystemError(call: "connect", number: EPERM) }
      if canStay {
        socket = theirs
      } else {
        var lost: CInt = 0
        socket = try own.act(as: ids) { () throws(SystemError) -> UnixSocket in
          try theirs.another(&lost)
        }
        self.lost = lost
      }
    } catch {
      // What this process may not do, or waited for in vain, is not the thread's mistake.
      let isOurs = error.number == EPERM || error.number == ETIMEDOUT
      throw isOurs ? .notAllowed : .errno(error.number)
    }
  }

  private static func socket(
    _ number: CInt, of thread: pid_t, _ process: pid_t
  ) throws(Obstacle) -> UnixSocket {
    do throws(SystemError) {
      guard let socket = try UnixSocket(number, of: thread, process) else {
        throw SystemError(call: "connect", number: EPERM)
      }
      return socket
    } catch {
      throw error.number == EPERM ? .notAllowed : .errno(error.number)
    }
  }

  /// Connects, looks who is there and puts the socket in the place of the thread's.
  ///
  /// - Parameters:
  ///   - inside: The processes whose sockets are inside.
  ///   - listener: Where the thread waits.
  /// - Returns: EAGAIN where the other end has no room for one more.
  func perform(_ inside: InsideListeners, _ listener: Listener) -> Result {
    do throws(SystemError) {
      try own.act(as: ids) { () throws(SystemError) in
        switch target {
        case .file(let file, _, _) where isInPlace: try socket.connectInPlace(to: file)
        case .file(let file, _, _): try socket.connect(to: file)
        case .abstract(let name) where isInPlace:
          try socket.connectInPlace(toAddress: [1, 0, 0] + name)
        case .abstract(let name): try socket.connect(toAddress: [1, 0, 0] + name)
        }
      }
      if isInPlace { return .connected }
      guard isAdmitted(inside) else { return .outside }
      if isBlocking { try socket.block() }
      try takePlace(listener)
      return .connected
    } catch {
      hasWaited = true
      // A file system that did not say in time whether the file may be connected to.
      if error.number == ETIMEDOUT { return .outside }
      return .failed(error.number)
    }
  }

  /// Puts the socket in the place of the thread's descriptor and of its copies, and into the epoll sets in
  /// which they are.
  private func takePlace(_ listener: Listener) throws(SystemError) {
    let theirs = try UnixSocket(number, of: thread, process)
    guard let theirs, theirs.number == replaced else {
      throw SystemError(call: "connect", number: EBADF)
    }
    let copies = SocketCopies(of: theirs, number, of: thread, process)
    if copies.hasMore {
      try own.act(as: ids) { () throws(SystemError) in try copies.join(socket) }
    }
    lost += copies.lost
    try listener.put(socket, as: number, closesOnExec: closesOnExec, id)
    for copy in copies.numbers {
      guard let closes = nonet.closesOnExec(copy, of: thread) else { continue }
      try listener.put(socket, as: copy, closesOnExec: closes, id)
    }
  }

  private func isAdmitted(_ inside: InsideListeners) -> Bool {
    if case .file(let file, let isNamed, let folder) = target {
      if isNamed { return true }
      if let folder, folder.isPlace(of: file, boundBy: socket) { return true }
    }
    guard allowance.allowsInside else { return false }
    do throws(SystemError) {
      return inside.contains(try socket.peerNumber())
    } catch {
      // Before Linux 6.16 a process that is gone has no number.
      return false
    }
  }
}

/// Where the paths of a thread begin.
private struct Places {
  private let root: PinnedFile
  private let current: PinnedFile

  init(of thread: pid_t) throws(SystemError) {
    root = try PinnedFile(Array("/proc/\(thread)/root".utf8))
    current = try PinnedFile(Array("/proc/\(thread)/cwd".utf8))
  }

  /// Pins the file of a path, following links as the thread would.
  func pin(_ path: [UInt8]) throws(SystemError) -> PinnedFile {
    if path.first == UInt8(ascii: "/") { return try PinnedFile(path, in: root, .inRoot) }
    // A `..` or a link could lead to the thread's root, of which openat2 knows nothing here.
    return try PinnedFile(path, in: current, root.isOwnRoot ? .plain : .beneath)
  }
}
