internal import CLinuxShims

/// A socket of another process, connected as it stands rather than replaced.
struct SharedSocket: ~Copyable {
  private let descriptor: PatientDescriptor
  /// Its family (socket(2)).
  let family: CInt

  /// Takes a copy (pidfd_getfd(2), Linux 5.6); `nil` for what is no socket.
  ///
  /// - Parameters:
  ///   - number: The descriptor in the thread's table.
  ///   - thread: The thread.
  ///   - process: Its process.
  /// - Throws: EBADF where the thread has no such descriptor; EPERM where it may not be looked at.
  init?(_ number: CInt, of thread: pid_t, _ process: pid_t) throws(SystemError) {
    var (family, type): (CInt, CInt) = (0, 0)
    do throws(SystemError) {
      let copy = try attempt("pidfd_getfd") {
        nonet_copy_socket(thread, process, number, &family, &type)
      }
      descriptor = PatientDescriptor(number: copy)
      self.family = family
    } catch {
      if error.number == ENOTSOCK { return nil }
      throw error
    }
  }

  /// The network in which it was made, by a number that no other one has (Linux 5.14); `nil` where the kernel
  /// does not tell.
  var network: UInt64? {
    var cookie: UInt64 = 0
    return nonet_network_of(descriptor.number, &cookie) == 0 ? cookie : nil
  }

  /// Whether a call on it waits: it has no O_NONBLOCK.
  var isBlocking: Bool { nonet_file_flags(descriptor.number) & CInt(O_NONBLOCK) == 0 }

  /// How long a connect may wait, in microseconds; `nil` for as long as it takes.
  var sendTimeout: Int? { nonet.sendTimeout(of: descriptor.number) }

  /// Connects it without waiting.
  ///
  /// - Parameter address: Of any family, as the command gave it.
  /// - Throws: The errno of connect(2); EINPROGRESS or EALREADY where it would wait.
  borrowing func connect(to address: [UInt8]) throws(SystemError) {
    let socket = descriptor.number
    _ = try attempt("connect") {
      address.withUnsafeBytes {
        nonet_connect_in_place(socket, $0.baseAddress, socklen_t($0.count))
      }
    }
  }
}

extension UnixSocket {
  /// Connects the command's own socket to exactly this file, without waiting.
  func connectInPlace(to file: PinnedFile) throws(SystemError) {
    let (socket, place) = (descriptor.number, file.number)
    _ = try attempt("connect") { nonet_connect_pinned_in_place(socket, place) }
  }

  /// Connects the command's own socket to an address as it was given, without waiting.
  func connectInPlace(toAddress address: [UInt8]) throws(SystemError) {
    let socket = descriptor.number
    _ = try attempt("connect") {
      address.withUnsafeBytes {
        nonet_connect_in_place(socket, $0.baseAddress, socklen_t($0.count))
      }
    }
  }

  /// The file to which it is bound.
  ///
  /// - Throws: ENOENT where there is none; EPERM where this process rules not the socket's network.
  func file() throws(SystemError) -> PinnedFile {
    let socket = descriptor.number
    return try PinnedFile(
      owning: try attempt("ioctl(SIOCUNIXFILE)") { nonet_file_of_socket(socket) })
  }
}

/// The number of this process's network namespace (Linux 5.14); `nil` where the kernel does not tell.
var ownNetwork: UInt64? {
  let cookie = nonet_own_network()
  return cookie == 0 ? nil : cookie
}

/// How long a send or a connect on a socket may wait, in microseconds (SO_SNDTIMEO); `nil` for as long as it
/// takes.
func sendTimeout(of socket: CInt) -> Int? {
  var time = timeval()
  var size = socklen_t(MemoryLayout<timeval>.size)
  guard getsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &time, &size) == 0 else { return 0 }
  let sum = Int(time.tv_sec) &* 1_000_000 &+ Int(time.tv_usec)
  return sum == 0 ? nil : min(max(0, sum), 1 << 50)
}
