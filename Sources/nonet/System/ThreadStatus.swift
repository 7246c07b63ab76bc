internal import CLinuxShims

/// What /proc/THREAD/status tells of a thread's rights.
struct ThreadStatus: Equatable {
  var process: pid_t = 0
  var ids = ThreadIDs()
  /// How many seccomp filters the thread has; 0 before Linux 5.9, which does not tell.
  var filters: UInt64 = 0
  /// Whether somebody traces the thread (ptrace(2)).
  var isTraced = false
  /// Signals that wait, are not blocked and have a handler: what makes a call end with EINTR.
  var hasSignalToHandle = false

  /// Reads the status of a thread; `nil` where it cannot be known.
  init?(of thread: pid_t) { self.init { nonet_status_of(thread, $0, $1, $2) } }

  /// The status of this process, whatever its number is in the /proc that is here.
  static var own: ThreadStatus? { ThreadStatus(of: 0) }

  /// Reads a text (proc_pid_status(5)); `nil` unless every line that counts is there.
  init?(_ text: [UInt8]) {
    self.init { found, groups, most in
      text.withUnsafeBytes {
        nonet_parse_status(
          $0.baseAddress?.assumingMemoryBound(to: CChar.self), $0.count, found, groups, most)
      }
    }
  }

  private init?(
    _ read: (
      UnsafeMutablePointer<nonet_status>, UnsafeMutablePointer<UInt32>?, CInt
    ) -> CInt
  ) {
    var found = nonet_status()
    // Nearly everybody is in fewer groups; who is in more is read once more.
    var (most, count) = (32, 0)
    repeat {
      most = max(most, count)
      var result: CInt = -1
      ids.groups = [gid_t](unsafeUninitializedCapacity: most) { buffer, filled in
        result = read(&found, buffer.baseAddress, CInt(most))
        filled = result == 0 ? min(most, Int(found.group_count)) : 0
      }
      guard result == 0 else { return nil }
      count = Int(found.group_count)
    } while count > most
    ids.groups.sort()
    process = found.process
    (ids.user, ids.group) = (found.user, found.group)
    (ids.fileUser, ids.fileGroup) = (found.file_user, found.file_group)
    ids.capabilities = found.capabilities
    filters = found.filters
    isTraced = found.is_traced != 0
    hasSignalToHandle = found.has_signal != 0
  }
}

/// Whether a thread has this process's user namespace; `nil` where it may not be looked at.
func sharesUserNamespace(_ thread: pid_t) -> Bool? {
  var (ours, theirs) = (stat(), stat())
  guard stat("/proc/self/ns/user", &ours) == 0, stat("/proc/\(thread)/ns/user", &theirs) == 0
  else { return nil }
  return ours.st_ino == theirs.st_ino && ours.st_dev == theirs.st_dev
}

/// When a process began, in ticks since boot; `nil` where it is gone.
func startTime(of process: pid_t) -> UInt64? { beginning(of: process)?.start }

/// Whose child a process is, and when it began, in ticks since boot (proc_pid_stat(5), fields 4 and 22);
/// `nil` where it is gone.
func beginning(of process: pid_t) -> (parent: pid_t, start: UInt64)? {
  do throws(SystemError) {
    let text = try Descriptor(reading: "/proc/\(process)/stat").start(2048)
    // The second field is a name in parentheses, which may have any bytes in it.
    guard let end = text.lastIndex(of: UInt8(ascii: ")")) else { return nil }
    let fields = text[(end + 1)...].split(separator: UInt8(ascii: " "))
    guard fields.count > 19, let parent = pid_t(String(decoding: fields[1], as: UTF8.self)),
      let start = UInt64(String(decoding: fields[19], as: UTF8.self))
    else { return nil }
    return (parent, start)
  } catch {
    return nil
  }
}

/// What a security module (AppArmor, SELinux, Smack) calls a thread; `nil` where there is none.
func securityLabel(of thread: pid_t) -> [UInt8]? {
  do throws(SystemError) {
    let label = try Descriptor(reading: "/proc/\(thread)/attr/current").start(4096)
    return label.isEmpty ? nil : label
  } catch {
    return nil
  }
}
