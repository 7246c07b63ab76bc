internal import CLinuxShims

/// Makes sockets in the network that this process is about to leave for one of the command's own.
///
/// A process stays behind there and makes them; it shares this process's memory and descriptors, and has the
/// rights that this process had when it began.
struct OutsideMaker {
  /// The process; a child of this one, which ends with it.
  let number: pid_t
  /// The network in which it is, by a number that no other one has.
  let outside: UInt64

  /// Starts the process, and sees that it can make sockets.
  ///
  /// Called before the network is left, by the thread that lives as long as this process.
  ///
  /// - Throws: What the kernel does not let it do: the errno of clone(2) or socket(2), or ENOPROTOOPT where the
  ///   kernel does not tell networks apart (before Linux 5.14).
  init() throws(SystemError) {
    number = try attempt("clone") { nonet_start_outside_maker() }
    var socket: CInt = -1
    do throws(SystemError) {
      socket = try Self.make(AF_INET)
    } catch {
      socket = try Self.make(AF_INET6)
    }
    outside = try EmptyNetwork.network(of: Descriptor(owning: socket))
  }

  private static func make(_ family: CInt) throws(SystemError) -> CInt {
    try attempt("socket") { nonet_make_outside(family, nil, nil, 0) }
  }

  /// Notes what sockets have in the network in which this process is by now.
  ///
  /// - Throws: EPERM where it is still that of the maker.
  func settle() throws(SystemError) {
    guard let here = ownNetwork, here != outside else {
      throw SystemError(call: "unshare(CLONE_NEWNET)", number: EPERM)
    }
    for family in [AF_INET, AF_INET6] {
      let number = CLinuxShims.socket(family, CInt(SocketType.stream) | O_CLOEXEC, 0)
      if number < 0 { continue }
      let made = Descriptor(owning: number)
      nonet_note_untouched(made.number, family)
    }
  }

  /// A socket of the network in which this process is by now.
  ///
  /// - Throws: The errno of socket(2).
  func inner(
    _ family: UInt32, _ type: UInt32, _ protocol: UInt32
  ) throws(SystemError) -> Descriptor {
    let number = try attempt("socket") {
      CLinuxShims.socket(
        CInt(bitPattern: family), CInt(bitPattern: type) | O_CLOEXEC, CInt(bitPattern: `protocol`))
    }
    return Descriptor(owning: number)
  }

  /// A TCP socket outside, not blocking.
  ///
  /// - Parameters:
  ///   - isVersion6: Whether it is one of AF_INET6.
  ///   - ids: Whose a firewall shall take it for; `nil` for this process's.
  /// - Returns: The socket.
  /// - Throws: The errno of socket(2); ESRCH where the maker is gone; EPERM where it may not take the ids.
  func socket(isVersion6: Bool, as ids: ThreadIDs?) throws(SystemError) -> OuterSocket {
    let family = isVersion6 ? AF_INET6 : AF_INET
    guard let ids else { return OuterSocket(owning: try Self.make(family)) }
    // Ids have the same numbers on both sides (`write_own_maps` and `unshare_with_all_ids` in namespace.c).
    var numbers = nonet_ids(
      user: ids.user, group: ids.group, file_user: ids.fileUser, file_group: ids.fileGroup)
    return OuterSocket(
      owning: try attempt("socket") {
        nonet_make_outside(family, &numbers, ids.groups, CInt(ids.groups.count))
      })
  }

  /// Has another socket made like the last one, here or in an empty network.
  static func prepare() { nonet_prepare_socket() }

  /// Notes that this process is a copy of the one that has a maker.
  static func forget() { nonet_forget_maker() }
}
