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

  /// A longer text is not read, and its thread is not served.
  static let mostBytes = 16_384
  private static let usualBytes = 4096

  /// Reads the status of a thread; `nil` where it cannot be known.
  init?(of thread: pid_t) {
    var text = [UInt8](repeating: 0, count: Self.usualBytes)
    let count = text.withUnsafeMutableBytes {
      nonet_read_status(thread, $0.baseAddress?.assumingMemoryBound(to: CChar.self), $0.count)
    }
    if count == Self.usualBytes - 1 {
      self.init(reading: "/proc/\(thread)/status")
      return
    }
    guard count > 0, let status = ThreadStatus(Array(text[..<count])) else { return nil }
    self = status
  }

  /// The status of this process, whatever its number is in the /proc that is here.
  static var own: ThreadStatus? { ThreadStatus(reading: "/proc/self/status") }

  private init?(reading path: String) {
    do throws(SystemError) {
      // The kernel writes it in one go, and hundreds of groups make it longer than is usual.
      let file = try Descriptor(reading: path)
      var text = try file.start(Self.usualBytes)
      if text.count == Self.usualBytes { text += try file.contents(limit: Self.mostBytes) }
      guard let status = ThreadStatus(text) else { return nil }
      self = status
    } catch {
      return nil
    }
  }

  /// What the lines that are read begin with.
  private static let initials = "TUGSC".utf8

  /// Reads the text (proc_pid_status(5)); `nil` unless every line that counts is there.
  init?(_ text: [UInt8]) {
    var found = 0
    var (waiting, blocked, caught): (UInt64, UInt64, UInt64) = (0, 0, 0)
    var rest = text[...]
    while let colon = rest.firstIndex(of: UInt8(ascii: ":")) {
      let name = rest[..<colon]
      let line = rest[(colon + 1)...].prefix { $0 != UInt8(ascii: "\n") }
      rest = rest[line.endIndex...].dropFirst()
      // Of dozens of lines few count.
      guard let initial = name.first, Self.initials.contains(initial) else { continue }
      lazy var words = line.split { $0 == UInt8(ascii: "\t") || $0 == UInt8(ascii: " ") }
      func number(_ index: Int, radix: UInt64 = 10) -> UInt64? {
        index < words.count ? UInt64(digits: words[index], radix: radix) : nil
      }
      if name.elementsEqual("Tgid".utf8), let value = number(0) {
        process = pid_t(truncatingIfNeeded: value)
        found |= 1
      } else if name.elementsEqual("Uid".utf8), let effective = number(1), let file = number(3) {
        ids.user = uid_t(truncatingIfNeeded: effective)
        ids.fileUser = uid_t(truncatingIfNeeded: file)
        found |= 2
      } else if name.elementsEqual("Gid".utf8), let effective = number(1), let file = number(3) {
        ids.group = gid_t(truncatingIfNeeded: effective)
        ids.fileGroup = gid_t(truncatingIfNeeded: file)
        found |= 4
      } else if name.elementsEqual("Groups".utf8) {
        let groups = words.indices.map { number($0) }
        ids.groups = groups.compactMap { $0.map { gid_t(truncatingIfNeeded: $0) } }.sorted()
        if ids.groups.count == groups.count { found |= 8 }
      } else if name.elementsEqual("Seccomp_filters".utf8) {
        filters = number(0) ?? 0
      } else if name.elementsEqual("TracerPid".utf8) {
        isTraced = number(0) != 0
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
