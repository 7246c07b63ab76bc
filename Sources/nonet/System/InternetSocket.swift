internal import CLinuxShims

/// A copy of a socket of IPv4 or IPv6 of another process, and what the kernel tells of it.
struct InternetSocket: ~Copyable {
  let descriptor: PatientDescriptor
  private let facts: nonet_internet

  /// How far a TCP socket is (net/tcp_states.h).
  enum State {
    case connecting, closed, other
  }

  /// Takes a copy (pidfd_getfd(2), Linux 5.6); `nil` for what is no such socket.
  ///
  /// - Parameters:
  ///   - number: The descriptor in the thread's table.
  ///   - thread: The thread.
  ///   - process: Its process.
  /// - Throws: EBADF where the thread has no such descriptor; EPERM where it may not be looked at.
  init?(_ number: CInt, of thread: pid_t, _ process: pid_t) throws(SystemError) {
    var facts = nonet_internet()
    do throws(SystemError) {
      let copy = try attempt("pidfd_getfd") {
        nonet_copy_internet_socket(thread, process, number, &facts)
      }
      descriptor = PatientDescriptor(number: copy)
      self.facts = facts
    } catch {
      if error.number == ENOTSOCK { return nil }
      throw error
    }
  }

  /// Whether it is one of TCP itself, and not of what answers to the same calls (MPTCP, SCTP).
  var isTCP: Bool { facts.protocol == 6 && isStream }
  var isStream: Bool { UInt32(bitPattern: facts.type) == SocketType.stream }
  /// AF_INET or AF_INET6.
  var family: UInt32 { UInt32(bitPattern: facts.family) }
  /// The network in which it was made.
  var network: UInt64 { facts.network }
  /// Which socket it is, among those that are open (sockfs).
  var number: UInt64 { facts.inode }
  /// Whether a connect waits: its O_NONBLOCK.
  var isBlocking: Bool { facts.is_blocking != 0 }

  var state: State {
    switch facts.state {
    // TCP_SYN_SENT, TCP_SYN_RECV, TCP_CLOSE
    case 2, 3: .connecting
    case 7: .closed
    case _: .other
    }
  }

  var isVersion6: Bool { facts.family == AF_INET6 }
  /// Whether it lets no IPv4 through (IPV6_V6ONLY).
  var isVersion6Only: Bool { nonet_is_v6only(descriptor.number) != 0 }

  /// Takes the error that waits on it; `nil` where there is none.
  func takeError() -> CInt? {
    let error = nonet_socket_error(descriptor.number)
    return error == 0 ? nil : error
  }

  /// How long a connect may wait, in microseconds; `nil` for as long as it takes.
  var sendTimeout: Int? { nonet.sendTimeout(of: descriptor.number) }

  /// Gives it an address of its own; the copy is the socket itself.
  func bind(to address: [UInt8]) throws(SystemError) {
    let number = descriptor.number
    _ = try attempt("bind") {
      address.withUnsafeBytes { nonet_bind_patiently(number, $0.baseAddress, socklen_t($0.count)) }
    }
  }

  /// Sets on a new socket what was set on this one.
  func carry(to other: CInt) throws(SystemError) {
    let (number, family) = (descriptor.number, facts.family)
    _ = try attempt("getsockopt") { nonet_carry_patiently(number, other, family) }
  }
}

/// A TCP socket of this process, which is to take the place of one that leads nowhere.
struct OuterSocket: ~Copyable {
  let descriptor: PatientDescriptor

  /// Takes over one that does not block.
  init(owning number: CInt) { descriptor = PatientDescriptor(number: number) }

  /// A new one, not blocking, of this process's network.
  init(isVersion6: Bool) throws(SystemError) {
    let type = CInt(SocketType.stream) | O_NONBLOCK | O_CLOEXEC
    descriptor = PatientDescriptor(
      number: try attempt("socket") { socket(isVersion6 ? AF_INET6 : AF_INET, type, 0) })
  }

  /// Begins to connect.
  ///
  /// - Returns: Whether it is connected already.
  /// - Throws: The errno of connect(2). ECONNREFUSED also where nobody was there and the kernel, which gives
  ///   each socket some port, gave it this one: then it would keep the port from its server.
  func connect(to address: [UInt8]) throws(SystemError) -> Bool {
    let isConnected = try begin(address)
    if address.withUnsafeBytes({ nonet_leaves_itself(descriptor.number, $0.baseAddress) }) == 1 {
      throw SystemError(call: "connect", number: ECONNREFUSED)
    }
    return isConnected
  }

  private func begin(_ address: [UInt8]) throws(SystemError) -> Bool {
    let number = descriptor.number
    do throws(SystemError) {
      _ = try attempt("connect") {
        address.withUnsafeBytes {
          CLinuxShims.connect(
            number, $0.baseAddress?.assumingMemoryBound(to: sockaddr.self), socklen_t($0.count))
        }
      }
      return true
    } catch {
      if error.number == EINPROGRESS { return false }
      throw error
    }
  }

  /// Whether a connect that has begun is over.
  ///
  /// - Throws: Why it failed.
  func hasConnected() throws(SystemError) -> Bool {
    if !canWrite(to: descriptor.number) { return false }
    let error = nonet_socket_error(descriptor.number)
    if error != 0 { throw SystemError(call: "connect", number: error) }
    return true
  }

  /// Makes calls on the socket wait, for whoever has it.
  func block() throws(SystemError) {
    let number = descriptor.number
    let flags = try attempt("fcntl") { nonet_file_flags(number) }
    _ = try attempt("fcntl") { nonet_set_file_flags(number, flags & ~CInt(O_NONBLOCK)) }
  }
}

/// What shutdown(2) came to.
enum ShutDown {
  case done
  /// The socket connects still, so it was left as it is.
  case isConnecting
}

extension Listener {
  /// Shuts down a socket of any kind of a thread that waits.
  ///
  /// - Parameters:
  ///   - number: The descriptor.
  ///   - thread: Whose it is.
  ///   - process: The thread's process.
  ///   - how: SHUT_RD and its like.
  ///   - outside: The network whose sockets are left alone while they connect.
  ///   - id: The thread's wait.
  /// - Returns: What was done.
  /// - Throws: The errno of shutdown(2); EPERM where the thread may not be looked at, ENOENT where it waits no more.
  func shutDown(
    _ number: CInt, of thread: pid_t, _ process: pid_t, how: CInt, outside: UInt64, _ id: UInt64
  ) throws(SystemError) -> ShutDown {
    let result = try attempt("shutdown") {
      nonet_shut_down(self.number, id, thread, process, number, how, outside)
    }
    return result == CInt(NONET_STILL_CONNECTING) ? .isConnecting : .done
  }

  /// Puts a copy of a descriptor in the place of one of the thread that waits.
  func put(
    _ source: CInt, as number: CInt, closesOnExec: Bool, _ id: UInt64
  ) throws(SystemError) {
    _ = try attempt("SECCOMP_IOCTL_NOTIF_ADDFD") {
      nonet_put_descriptor(self.number, id, source, number, closesOnExec ? 1 : 0)
    }
  }

  /// Lets the call that waits return a copy of a descriptor.
  ///
  /// - Throws: EMFILE where the thread has no number left for it; ENOENT where the thread is gone.
  func give(
    _ source: borrowing Descriptor, closesOnExec: Bool, _ id: UInt64
  ) throws(SystemError) {
    let number = source.number
    _ = try attempt("SECCOMP_IOCTL_NOTIF_ADDFD") {
      nonet_give_descriptor(self.number, id, number, closesOnExec ? 1 : 0)
    }
  }
}
