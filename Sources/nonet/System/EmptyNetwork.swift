internal import CLinuxShims

/// A network without anything in it, in which sockets are made that lead nowhere.
///
/// A process of its own lives there and makes them (network_namespaces(7)); it shares this process's memory
/// and descriptors. Nobody else is in that network, and `lo` is down in it.
struct EmptyNetwork {
  /// The process that makes the sockets; a child of this one, which ends with it.
  let maker: pid_t
  /// The network in which this process makes sockets itself, by a number that no other one has.
  let outside: UInt64

  /// Why there is none.
  enum Problem: Error {
    /// The kernel does not let the network be made.
    case refused(SystemError)
    /// The kernel does not tell networks apart (before Linux 5.14).
    case unknown(SystemError)
  }

  /// Makes the network.
  ///
  /// Called by the thread that lives as long as the process: the maker ends with it.
  init() throws(Problem) {
    do throws(SystemError) {
      maker = try attempt("clone(CLONE_NEWNET)") { nonet_start_maker() }
    } catch {
      throw .refused(error)
    }
    do throws(SystemError) {
      outside = try Self.outside()
      for family in [AF_INET, AF_INET6] {
        let type = CInt(SocketType.stream)
        guard let made = Self.made(family, type) else { continue }
        // Otherwise nothing would hold what is made there.
        guard try Self.network(of: made) != outside else {
          throw SystemError(call: "clone(CLONE_NEWNET)", number: EPERM)
        }
        nonet_note_untouched(made.number, family)
      }
    } catch {
      throw .unknown(error)
    }
  }

  private static func outside() throws(SystemError) -> UInt64 {
    let number = try attempt("socket") {
      CLinuxShims.socket(AF_UNIX, CInt(SocketType.stream) | O_CLOEXEC, 0)
    }
    return try network(of: Descriptor(owning: number))
  }

  private static func made(_ family: CInt, _ type: CInt) -> Descriptor? {
    let number = nonet_make_nowhere(family, type | O_CLOEXEC, 0)
    return number < 0 ? nil : Descriptor(owning: number)
  }

  /// The network of a socket, by a number that no other one has.
  ///
  /// - Throws: ENOPROTOOPT before Linux 5.14.
  static func network(of socket: borrowing Descriptor) throws(SystemError) -> UInt64 {
    var cookie: UInt64 = 0
    let number = socket.number
    _ = try attempt("getsockopt(SO_NETNS_COOKIE)") { nonet_network_of(number, &cookie) }
    return cookie
  }

  /// A socket that leads nowhere.
  ///
  /// - Parameters:
  ///   - family: AF_INET or AF_INET6.
  ///   - type: SOCK_STREAM or SOCK_DGRAM, perhaps with SOCK_NONBLOCK.
  ///   - protocol: 0, or that of the type.
  /// - Returns: The socket.
  /// - Throws: The errno of socket(2); ESRCH where the maker is gone.
  func socket(
    _ family: UInt32, _ type: UInt32, _ protocol: UInt32
  ) throws(SystemError) -> Descriptor {
    let number = try attempt("socket") {
      nonet_make_nowhere(
        CInt(bitPattern: family), CInt(bitPattern: type) | O_CLOEXEC, CInt(bitPattern: `protocol`))
    }
    return Descriptor(owning: number)
  }
}
