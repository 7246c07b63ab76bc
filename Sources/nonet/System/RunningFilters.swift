internal import CLinuxShims

/// The filters that a thread is under, as the kernel keeps them.
///
/// The thread is stopped meanwhile, as short as can be; a system call that it waits in goes on afterwards, or
/// ends with EINTR where signal(7) says that a stop does that.
///
/// - Parameter thread: Its number.
/// - Returns: The bytes of each, a `struct sock_filter[]`, in the order in which they were installed; none
///   where the thread is under no filter.
/// - Throws: ESRCH where there is no such thread, EPERM where it may not be traced, EACCES without
///   CAP_SYS_ADMIN or where this process is under a filter itself (PTRACE_SECCOMP_GET_FILTER of ptrace(2)),
///   ETIMEDOUT where it does not stop, EOPNOTSUPP where the kernel shows filters to nobody
///   (CONFIG_CHECKPOINT_RESTORE).
func runningFilters(of thread: pid_t) throws(SystemError) -> [[UInt8]] {
  var signal: CInt = 0
  _ = try attempt("ptrace(PTRACE_SEIZE)") { nonet_stop_thread(thread, &signal) }
  defer { _ = nonet_let_go(thread, signal) }
  var filters: [[UInt8]] = []
  do throws(SystemError) {
    while true { filters.append(try runningFilter(of: thread, UInt(filters.count))) }
  } catch {
    if error.number == ENOENT { return filters }
    guard error.number == EINVAL, filters.isEmpty else { throw error }
    // Without CONFIG_CHECKPOINT_RESTORE the answer is the same as without a filter.
    if let status = ThreadStatus(of: thread), status.filters > 0 {
      throw SystemError(call: error.call, number: EOPNOTSUPP)
    }
    return []
  }
}

private func runningFilter(of thread: pid_t, _ index: UInt) throws(SystemError) -> [UInt8] {
  let count = try attempt("ptrace(PTRACE_SECCOMP_GET_FILTER)") {
    nonet_read_filter(thread, index, nil)
  }
  // A struct sock_filter has 8 bytes.
  var bytes = [UInt8](repeating: 0, count: Int(count) * 8)
  _ = try attempt("ptrace(PTRACE_SECCOMP_GET_FILTER)") {
    bytes.withUnsafeMutableBytes { nonet_read_filter(thread, index, $0.baseAddress) }
  }
  return bytes
}
