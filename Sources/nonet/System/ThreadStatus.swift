internal import CLinuxShims

/// What /proc/THREAD/status tells of a thread's rights.
struct ThreadStatus: Equatable {
  var process: pid_t = 0
  var ids = EffectiveIDs()
  /// Signals that wait, are not blocked and have a handler: what makes a call end with EINTR.
  var hasSignalToHandle = false

  /// A longer text is not read, and its thread is not served.
  static let mostBytes = 16_384

  /// Reads the status of a thread; `nil` where it cannot be known.
  init?(of thread: pid_t) {
    do throws(SystemError) {
      let file = try Descriptor(reading: "/proc/\(thread)/status")
      guard let status = ThreadStatus(try file.contents(limit: Self.mostBytes)) else { return nil }
      self = status
    } catch {
      return nil
    }
  }

  /// Reads the text (proc_pid_status(5)); `nil` unless every line that counts is there.
  init?(_ text: [UInt8]) {
    var found = 0
    var (waiting, blocked, caught): (UInt64, UInt64, UInt64) = (0, 0, 0)
    for line in text.split(separator: UInt8(ascii: "\n")) {
      guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { continue }
      let words = line[(colon + 1)...].split { $0 == UInt8(ascii: "\t") || $0 == UInt8(ascii: " ") }
      func number(_ index: Int, radix: Int = 10) -> UInt64? {
        guard index < words.count else { return nil }
        return UInt64(String(decoding: words[index], as: UTF8.self), radix: radix)
      }
      let name = line[..<colon]
      if name.elementsEqual("Tgid".utf8), let value = number(0) {
        process = pid_t(truncatingIfNeeded: value)
        found |= 1
      } else if name.elementsEqual("Uid".utf8), let value = number(1) {
        ids.user = uid_t(truncatingIfNeeded: value)
        found |= 2
      } else if name.elementsEqual("Gid".utf8), let value = number(1) {
        ids.group = gid_t(truncatingIfNeeded: value)
        found |= 4
      } else if name.elementsEqual("Groups".utf8) {
        ids.groups = words.indices.compactMap { number($0) }.map { gid_t(truncatingIfNeeded: $0) }
        if ids.groups.count == words.count { found |= 8 }
      } else if name.elementsEqual("CapEff".utf8), let value = number(0, radix: 16) {
        ids.capabilities = value
        found |= 16
      } else if name.elementsEqual("SigPnd".utf8) || name.elementsEqual("ShdPnd".utf8) {
        waiting |= number(0, radix: 16) ?? 0
      } else if name.elementsEqual("SigBlk".utf8) {
        blocked = number(0, radix: 16) ?? ~0
      } else if name.elementsEqual("SigCgt".utf8) {
        caught = number(0, radix: 16) ?? 0
      }
    }
    guard found == 31 else { return nil }
    hasSignalToHandle = waiting & ~blocked & caught != 0
  }
}

/// The ids by which the kernel decides what a thread may do.
struct EffectiveIDs: Equatable {
  var user: uid_t = 0
  var group: gid_t = 0
  var groups: [gid_t] = []
  var capabilities: UInt64 = 0

  /// Notes the ids of this process, to which `perform` goes back.
  static func remember() throws(SystemError) {
    _ = try attempt("getgroups") { nonet_remember_ids() }
  }

  /// Does something with these ids, and goes back to this process's own.
  ///
  /// - Parameters:
  ///   - own: The ids that this process has.
  ///   - action: What is done; throws what it throws.
  /// - Returns: What that answers.
  /// - Throws: EPERM where this process may not take the ids.
  func perform<Result: ~Copyable>(
    unless own: EffectiveIDs, _ action: () throws(SystemError) -> Result
  ) throws(SystemError) -> Result {
    if self == own { return try action() }
    _ = try attempt("setresuid") {
      nonet_take_ids(user, group, groups, CInt(groups.count), capabilities)
    }
    defer { nonet_restore_ids() }
    return try action()
  }
}

/// Whether a thread has this process's user namespace; `nil` where it may not be looked at.
func sharesUserNamespace(_ thread: pid_t) -> Bool? {
  var (ours, theirs) = (stat(), stat())
  guard stat("/proc/self/ns/user", &ours) == 0, stat("/proc/\(thread)/ns/user", &theirs) == 0
  else { return nil }
  return ours.st_ino == theirs.st_ino && ours.st_dev == theirs.st_dev
}

/// Whether a thread's descriptor closes at execve; `nil` where it is not open.
func closesOnExec(_ descriptor: CInt, of thread: pid_t) -> Bool? {
  do throws(SystemError) {
    let text = try Descriptor(reading: "/proc/\(thread)/fdinfo/\(descriptor)").start(256)
    for line in text.split(separator: UInt8(ascii: "\n")) where line.starts(with: "flags:".utf8) {
      let digits = line.dropFirst(6).filter { $0 != UInt8(ascii: "\t") }
      return UInt32(String(decoding: digits, as: UTF8.self), radix: 8).map {
        $0 & UInt32(O_CLOEXEC) != 0
      }
    }
    return nil
  } catch {
    return nil
  }
}
