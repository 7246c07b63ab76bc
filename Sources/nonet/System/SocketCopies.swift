internal import CLinuxShims

/// What else of a process leads to a socket that is about to be replaced: copies of its descriptor, places
/// in epoll sets, and who is sent its signals.
///
/// What other processes have of the socket is not looked for.
final class SocketCopies {
  private let found: UnsafeMutablePointer<nonet_copies>

  /// Looks for all that.
  ///
  /// - Parameters:
  ///   - socket: A copy of the socket.
  ///   - number: The descriptor that is replaced in any case.
  ///   - thread: Whose it is.
  ///   - process: The thread's process.
  init(of socket: borrowing UnixSocket, _ number: CInt, of thread: pid_t, _ process: pid_t) {
    found = .allocate(capacity: 1)
    found.initialize(to: nonet_copies())
    if nonet_find_copies(thread, process, number, socket.descriptor.number, found) < 0 {
      found.pointee.lost += 1
    }
  }

  deinit {
    nonet_forget_copies(found)
    found.deallocate()
  }

  /// The descriptors besides that one.
  var numbers: [CInt] { (0..<found.pointee.count).map { nonet_copy_number(found, $0) } }

  /// How much cannot be carried over.
  var lost: CInt { found.pointee.lost }

  /// Whether there is something to do for `join`.
  var hasMore: Bool {
    let found = found.pointee
    return found.membership_count > 0 || found.owner != 0 || found.signal != 0
      || found.wants_signals != 0
  }

  /// Puts another socket into the same epoll sets, under the numbers that the command knows, and has its
  /// signals sent to the same process; with the ids of who asked for that.
  func join(_ socket: borrowing UnixSocket) throws(SystemError) {
    let number = socket.descriptor.number
    let found = found
    _ = try attempt("pthread_create") { nonet_join_sets(number, found) }
  }
}
