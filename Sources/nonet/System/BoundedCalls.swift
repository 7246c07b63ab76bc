internal import CLinuxShims

/// Reads memory of another process, whatever is there; hostile, and only as valid as the thread's wait
/// for an answer.
///
/// A page may never come: its own process has to bring it (userfaultfd(2), FUSE), or a server that is
/// gone. Nothing but the end of whoever has to bring it ends such a read, not even this process's own,
/// so it is left behind in the kernel after 200 to 300 ms. While four are, every read fails.
///
/// - Parameters:
///   - thread: The thread.
///   - address: Where it has the bytes.
///   - bytes: Where they are copied to; at most 4096.
/// - Returns: Whether all of the bytes were read.
func readMemoryBounded(
  of thread: pid_t, at address: UInt64, into bytes: UnsafeMutableRawBufferPointer
) -> Bool {
  guard let base = bytes.baseAddress else { return false }
  return nonet_read_memory_bounded(thread, address, base, bytes.count) == 0
}

/// Has what is done for others from here on, opening their files and connecting to them, given up in
/// the same way where it takes too long; to be called with this process's own ids.
func keepWatch() { _ = nonet_keep_watch() }
