internal import CLinuxShims

/// A network namespace that another process of this user is in, shown to be one that may be entered.
///
/// It is held by descriptors, so that what becomes of the process, or of its number, changes nothing. The kernel
/// itself says to which user namespace it belongs, who made that one, and from which other one (ioctl_nsfs(2)).
struct SharedNetwork: ~Copyable {
  private let network: Descriptor
  private let users: Descriptor

  /// Looks at the network of a process.
  ///
  /// - Parameter process: Any number.
  /// - Throws: EPERM unless that network belongs to a user namespace which this process's effective user made from this
  ///   process's own one, or where it is this process's own network.
  init(of process: pid_t) throws(SystemError) {
    let number = try attempt("open of /proc/PID/ns/net") { nonet_open_network_of(process) }
    let network = Descriptor(owning: number)
    let users = try attempt("ioctl(NS_GET_USERNS)") { nonet_users_of_network(number) }
    self.network = network
    self.users = Descriptor(owning: users)
  }

  /// The network's number, for as long as it is held.
  var number: UInt64? { fileNumber(network.number) }

  /// Whether `lo` has the alias `mark`: found out by a child that goes there.
  borrowing func isMarked(_ mark: String) -> Bool {
    nonet_try_network(network.number, users.number, mark, 1) == 0
  }

  /// Whether it may be entered: it is marked and has no interface but `lo`, and this process's user and group have
  /// the same numbers there.
  borrowing func canBeEntered(_ mark: String) -> Bool {
    nonet_try_network(network.number, users.number, mark, 0) == 0
  }

  /// Enters it, and looks once more at what `canBeEntered` tells.
  ///
  /// - Throws: What failed; the process may be half-way then.
  borrowing func enter(_ mark: String) throws(SystemError) {
    let (network, users) = (network.number, users.number)
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
func networkNumber(of process: pid_t) -> UInt64? { fileNumber("/proc/\(process)/ns/net") }

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

/// The numbers of all processes that /proc shows, in its order; none where there are too many to look at.
func allProcesses() -> [pid_t] { numbers(in: "/proc") ?? [] }

/// A process's threads, the first one first: it may have ended before the others, or be in another network.
func threads(of process: pid_t) -> [pid_t] { numbers(in: "/proc/\(process)/task") ?? [] }

/// Looks at every process that /proc shows, and at those that start meanwhile.
///
/// - Parameter look: What is done with each number; some are of threads, or of what has ended.
/// - Returns: Whether none was missed that lives: in the end no number had been given out since the last look.
func forEachProcess(_ look: (pid_t) -> Void) -> Bool {
  guard var newest = newestNumber(), var numbers = numbers(in: "/proc") else { return false }
  // A process has its number before /proc shows it, so the last ones are looked at once more.
  var before = max(newest - 32, 0)
  var isSettled = false
  // A chain of processes that each start the next is followed for so many looks.
  for _ in 0..<1000 {
    for number in numbers { look(number) }
    // Numbers begin anew some day.
    guard let now = newestNumber(), now >= newest else { return false }
    if now == newest, isSettled { return true }
    isSettled = now == newest
    numbers = Array((before + 1)...now)
    if isSettled {
      sleepMicroseconds(500)
    } else {
      (before, newest) = (newest, now)
    }
  }
  return false
}

/// The number that was given out last, to a process or a thread (proc_loadavg(5)); `nil` where /proc does not tell.
private func newestNumber() -> pid_t? {
  var text = [UInt8](repeating: 0, count: 128)
  let count = nonet_read_patiently("/proc/loadavg", &text, text.count)
  guard count > 0 else { return nil }
  let words = text[..<Int(count)].split { $0 <= UInt8(ascii: " ") }
  return words.last.flatMap { pid_t(String(decoding: $0, as: UTF8.self)) }
}

/// A process, held by a handle that no other process takes over (pidfd_open(2)).
struct HeldProcess: ~Copyable {
  let number: pid_t
  private let handle: Descriptor

  /// Holds a process while a thread of it is in one of these networks; `nil` where none is, or not any more.
  init?(_ number: pid_t, inAny networks: [UInt64]) {
    let opened = nonet_handle(number)
    guard opened >= 0 else { return nil }
    let handle = Descriptor(owning: opened)
    // Once it has not ended after the look, what was looked at was this process.
    let isIn = threads(of: number).contains { thread in
      networkNumber(of: thread).map { networks.contains($0) } ?? false
    }
    guard isIn, Self.isThere(opened) else { return nil }
    self.handle = handle
    self.number = number
  }

  /// Whether the process has not ended.
  var isThere: Bool { Self.isThere(handle.number) }

  private static func isThere(_ handle: CInt) -> Bool {
    let nobody = Readiness.Request(descriptor: -1)
    let ended = Readiness.Request(descriptor: handle, readsInput: true)
    return Readiness.wait(ended, nobody, nobody, for: 0).first == .nothing
  }

  /// What a process is sent.
  enum Message {
    case nothing, terminate, kill
  }

  /// Sends it a signal; one that has ended, or may not be sent any, gets none.
  borrowing func send(_ message: Message) {
    switch message {
    case .nothing: return
    case .terminate: _ = nonet_signal_handle(handle.number, SIGTERM)
    case .kill: _ = nonet_signal_handle(handle.number, SIGKILL)
    }
  }
}
