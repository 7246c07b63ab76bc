internal import CLinuxShims

/// A network namespace, held by a descriptor: while it is, its number is no other network's.
///
/// The kernel gives the number of one that is gone to one that is made later (proc_alloc_inum in fs/proc/generic.c).
final class HeldNetwork {
  fileprivate let descriptor: Descriptor
  let number: UInt64

  /// Holds the network that a thread is in now.
  ///
  /// - Parameters:
  ///   - process: The thread's process, or any number.
  ///   - thread: The process itself, or one of its threads.
  /// - Throws: What kept it from being opened.
  init(of process: pid_t, thread: pid_t) throws(SystemError) {
    descriptor = Descriptor(
      owning: try attempt("open of /proc/PID/task/TID/ns/net") {
        nonet_open_network_of(process, thread)
      })
    guard let number = fileNumber(descriptor.number) else {
      throw SystemError(call: "fstat", number: nonet_errno())
    }
    self.number = number
  }
}

/// A network namespace that another process of this user is in, shown to be one that may be entered.
///
/// It is held by descriptors, so that what becomes of the process, or of its number, changes nothing. The kernel
/// itself says to which user namespace it belongs, who made that one, and from which other one (ioctl_nsfs(2)).
struct SharedNetwork: ~Copyable {
  private let network: HeldNetwork
  private let users: Descriptor

  /// Looks to whom a network belongs.
  ///
  /// - Throws: EPERM unless it belongs to a user namespace which this process's effective user made from this
  ///   process's own one, or where it is this process's own network; another errno where that was not found out.
  init(_ network: HeldNetwork) throws(SystemError) {
    let number = network.descriptor.number
    let users = try attempt("ioctl(NS_GET_USERNS)") { nonet_users_of_network(number) }
    self.network = network
    self.users = Descriptor(owning: users)
  }

  /// Whether `lo` has the alias `mark`: found out by a child that goes there.
  ///
  /// - Throws: EIO where the child did not find it out.
  borrowing func isMarked(_ mark: String) throws(SystemError) -> Bool {
    if nonet_try_network(network.descriptor.number, users.number, mark, 1) == 0 { return true }
    if nonet_errno() == ENODATA { return false }
    throw SystemError(call: "looking at a network", number: EIO)
  }

  /// Whether it may be entered: it is marked and has no interface but `lo`, and this process's user and group are
  /// mapped onto themselves there.
  borrowing func canBeEntered(_ mark: String) -> Bool {
    nonet_try_network(network.descriptor.number, users.number, mark, 0) == 0
  }

  /// Enters it, and looks once more at what `canBeEntered` tells.
  ///
  /// - Throws: What failed; the process may be half-way then.
  borrowing func enter(_ mark: String) throws(SystemError) {
    let (network, users) = (network.descriptor.number, users.number)
    _ = try attempt("entering the network of the session") {
      nonet_enter_network(network, users, mark)
    }
  }

  /// Whether this process's own network is marked so.
  static func isHere(_ mark: String) -> Bool { nonet_network_is_marked(mark, 0) == 0 }

  /// Marks this process's own network, over which it has CAP_NET_ADMIN.
  static func markHere(_ mark: String) throws(SystemError) {
    _ = try attempt("marking lo (RTM_SETLINK)") { nonet_mark_network(mark) }
    _ = try attempt("prctl(PR_SET_DUMPABLE)") { nonet_hide_memory() }
  }
}

/// The number of the network namespace that a process is in; `nil` where it is gone or may not be looked at.
///
/// It says which network that is only as long as the network is held (`HeldNetwork`).
func networkNumber(of process: pid_t) -> UInt64? { fileNumber("/proc/\(process)/ns/net") }

/// The same of one of its threads.
func networkNumber(of thread: pid_t, in process: pid_t) throws(SystemError) -> UInt64 {
  if let number = fileNumber("/proc/\(process)/task/\(thread)/ns/net") { return number }
  throw SystemError(call: "stat", number: nonet_errno())
}

/// The number of this process's own network namespace, whatever its number is in the /proc that is here.
var ownNetworkNumber: UInt64? { fileNumber("/proc/self/ns/net") }

/// Whether a thread is in another network namespace than this process; `false` where that is not to be seen.
func hasOtherNetwork(_ thread: pid_t) -> Bool {
  guard let own = ownNetworkNumber, let other = networkNumber(of: thread) else { return false }
  return own != other
}

private func fileNumber(_ path: String) -> UInt64? {
  var status = stat()
  guard stat(path, &status) == 0 else { return nil }
  return UInt64(truncatingIfNeeded: status.st_ino)
}

private func fileNumber(_ descriptor: CInt) -> UInt64? {
  var status = stat()
  guard fstat(descriptor, &status) == 0 else { return nil }
  return UInt64(truncatingIfNeeded: status.st_ino)
}
