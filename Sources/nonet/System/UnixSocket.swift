internal import CLinuxShims

/// A copy of an AF_UNIX socket of another process: what the kernel would ask of it at a connect.
struct UnixSocket: ~Copyable {
  let descriptor: PatientDescriptor
  /// SOCK_STREAM or SOCK_SEQPACKET.
  let type: UInt32

  /// Takes a copy (pidfd_getfd(2), Linux 5.6); `nil` for what is no such socket.
  ///
  /// - Parameters:
  ///   - number: The descriptor in the thread's table.
  ///   - thread: The thread.
  ///   - process: Its process.
  /// - Throws: EBADF where the thread has no such descriptor; EPERM where it may not be looked at.
  init?(_ number: CInt, of thread: pid_t, _ process: pid_t) throws(SystemError) {
    var type: CInt = 0
    do throws(SystemError) {
      let copy = try attempt("pidfd_getfd") {
        nonet_copy_unix_socket(thread, process, number, &type)
      }
      self.init(owning: copy, type: UInt32(bitPattern: type))
    } catch {
      if error.number == ENOTSOCK { return nil }
      throw error
    }
  }

  /// Takes over a socket of this process.
  init(owning number: CInt, type: UInt32) {
    descriptor = PatientDescriptor(number: number)
    self.type = type
  }

  /// A new socket of the same type with what was set on this one, not blocking.
  ///
  /// - Parameter lost: Is told how much could not be set on it.
  /// - Returns: The socket.
  /// - Throws: The errno of socket(2).
  borrowing func another(_ lost: inout CInt) throws(SystemError) -> UnixSocket {
    let (number, type) = (descriptor.number, type)
    let made = try attempt("socket") {
      nonet_unix_socket_like(number, CInt(bitPattern: type), &lost)
    }
    return UnixSocket(owning: made, type: type)
  }

  /// Which socket it is, among those that are open (sockfs).
  var number: UInt64? {
    var status = stat()
    guard fstat(descriptor.number, &status) == 0 else { return nil }
    return UInt64(truncatingIfNeeded: status.st_ino)
  }

  var isListening: Bool { option(SO_ACCEPTCONN) == 1 }
  var isConnected: Bool { address(getpeername) != nil }
  /// Whether the socket has an address of its own.
  var isBound: Bool { address(getsockname)?.count ?? 0 > 2 }
  /// Whether an open of it would block: its O_NONBLOCK.
  var isBlocking: Bool { nonet_file_flags(descriptor.number) & CInt(O_NONBLOCK) == 0 }

  /// How long a connect may wait, in microseconds; `nil` for as long as it takes.
  var sendTimeout: Int? { nonet.sendTimeout(of: descriptor.number) }

  /// The network namespace in which abstract names are looked up (Linux 5.14); `nil` where the kernel
  /// does not say.
  var network: UInt64? {
    // SO_NETNS_COOKIE of asm-generic/socket.h.
    var cookie: UInt64 = 0
    var size = socklen_t(MemoryLayout<UInt64>.size)
    guard getsockopt(descriptor.number, SOL_SOCKET, 71, &cookie, &size) == 0 else { return nil }
    return cookie
  }

  /// The address to which the other end was bound, as its owner wrote it: a `struct sockaddr_un`.
  var peerAddress: [UInt8]? { address(getpeername) }

  /// The process that called listen on the other end, by its number in pidfs.
  func peerNumber() throws(SystemError) -> UInt64 {
    var found: UInt64 = 0
    let socket = descriptor.number
    _ = try attempt("getsockopt(SO_PEERPIDFD)") { nonet_peer_number(socket, &found) }
    return found
  }

  /// The process that called listen on the other end; `nil` where it has ended, or the kernel does not
  /// tell (before Linux 6.5).
  func peerProcess() -> PeerProcess? {
    do throws(SystemError) {
      let socket = descriptor.number
      let handle = try attempt("getsockopt(SO_PEERPIDFD)") { nonet_peer_handle(socket) }
      return PeerProcess(Descriptor(owning: handle))
    } catch {
      return nil
    }
  }

  /// Connects to exactly this file.
  func connect(to file: PinnedFile) throws(SystemError) {
    let (socket, place) = (descriptor.number, file.number)
    _ = try attempt("connect") { nonet_connect_pinned(socket, place) }
  }

  /// Connects to an address as it was given.
  func connect(toAddress address: [UInt8]) throws(SystemError) {
    let socket = descriptor.number
    _ = try attempt("connect") {
      address.withUnsafeBytes {
        CLinuxShims.connect(
          socket, $0.baseAddress?.assumingMemoryBound(to: sockaddr.self), socklen_t($0.count))
      }
    }
  }

  /// Makes calls on the socket wait, for every process that has it.
  func block() throws(SystemError) {
    let socket = descriptor.number
    let flags = try attempt("fcntl") { nonet_file_flags(socket) }
    _ = try attempt("fcntl") { nonet_set_file_flags(socket, flags & ~CInt(O_NONBLOCK)) }
  }

  /// No socket address is longer (struct sockaddr_storage).
  static let mostAddressBytes = 128

  private func option(_ option: CInt) -> CInt? {
    var value: CInt = 0
    var size = socklen_t(MemoryLayout<CInt>.size)
    let result = getsockopt(descriptor.number, SOL_SOCKET, option, &value, &size)
    return result == 0 ? value : nil
  }

  private func address(
    _ ask: (CInt, UnsafeMutablePointer<sockaddr>?, UnsafeMutablePointer<socklen_t>?) -> CInt
  ) -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: Self.mostAddressBytes)
    var size = socklen_t(bytes.count)
    let number = descriptor.number
    let result = bytes.withUnsafeMutableBytes {
      ask(number, $0.baseAddress?.assumingMemoryBound(to: sockaddr.self), &size)
    }
    return result == 0 ? Array(bytes.prefix(Int(size))) : nil
  }
}

/// A socket that the command has or had, too: to close it may take as long as the command wants.
struct PatientDescriptor: ~Copyable {
  let number: CInt

  deinit { _ = nonet_close_patiently(number) }
}

/// A process at the other end of a socket.
struct PeerProcess: ~Copyable {
  private let handle: Descriptor
  let pid: pid_t

  /// Looks who a pidfd stands for; `nil` for a process that is gone or not of this pid namespace.
  fileprivate init?(_ handle: consuming Descriptor) {
    guard let pid = Self.pid(handle.number) else { return nil }
    self.handle = handle
    self.pid = pid
  }

  /// Whether the process is there still, so that its number was no other's until now.
  var isThere: Bool { Self.pid(handle.number) == pid }

  private static func pid(_ handle: CInt) -> pid_t? {
    do throws(SystemError) {
      let text = try Descriptor(reading: "/proc/self/fdinfo/\(handle)").start(512)
      for line in text.split(separator: UInt8(ascii: "\n")) where line.starts(with: "Pid:".utf8) {
        let digits = line.dropFirst(4).filter { $0 != UInt8(ascii: "\t") }
        return pid_t(String(decoding: digits, as: UTF8.self)).flatMap { $0 > 0 ? $0 : nil }
      }
      return nil
    } catch {
      return nil
    }
  }
}

/// The number of a process in pidfs, which no other process ever has.
///
/// - Throws: EOPNOTSUPP where the kernel has no pidfs (before Linux 6.9).
func processNumber(_ process: pid_t) throws(SystemError) -> UInt64 {
  var number: UInt64 = 0
  _ = try attempt("pidfd_open") { nonet_process_number(process, &number) }
  return number
}

extension Listener {
  /// Puts a copy of a socket in the place of a descriptor of the thread that waits.
  func put(
    _ socket: borrowing UnixSocket, as number: CInt, closesOnExec: Bool, _ id: UInt64
  ) throws(SystemError) {
    let source = socket.descriptor.number
    _ = try attempt("SECCOMP_IOCTL_NOTIF_ADDFD") {
      nonet_put_descriptor(self.number, id, source, number, closesOnExec ? 1 : 0)
    }
  }
}
