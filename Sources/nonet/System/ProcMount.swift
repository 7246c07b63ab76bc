internal import CLinuxShims

/// Whose process numbers the /proc that is mounted here has.
///
/// A procfs belongs to the pid namespace in which it was mounted (pid_namespaces(7)). Where that is not
/// ours, as after `unshare --pid --fork` or behind a chroot, the number of a process that we see names
/// another process in it, or nobody.
enum ProcMount: Equatable {
  case ours
  case foreign
  /// There is no procfs, or it cannot be read.
  case absent

  /// What is mounted now.
  static var here: ProcMount {
    if let status = OwnStatus() { return status.hasOurNumbers ? .ours : .foreign }
    // A procfs that does not see us has no /proc/self.
    do throws(SystemError) {
      let root = try Descriptor(reading: "/proc")
      return nonet_is_procfs(root.number) == 1 ? .foreign : .absent
    } catch {
      return .absent
    }
  }
}

/// What /proc/self/status tells of this process (proc_pid_status(5)).
struct OwnStatus {
  /// Whether the procfs has the numbers that we see.
  ///
  /// "NSpid:" lists our number in the namespace of the procfs and in each one below, down to our own
  /// (task_state in fs/proc/array.c): it is one number where they are the same. A kernel without pid
  /// namespaces has "Pid:" alone.
  private(set) var hasOurNumbers = false
  /// The mode of seccomp(2), 2 where a filter stands; `nil` where the kernel knows no seccomp.
  private(set) var seccompMode: UInt64?
  /// Whether the kernel says how many filters stand: it has them, and is Linux 5.9 or later.
  private(set) var countsFilters = false

  /// Reads it; `nil` where it is not there, or no procfs is behind it.
  init?() {
    do throws(SystemError) {
      let file = try Descriptor(reading: "/proc/self/status")
      guard nonet_is_procfs(file.number) == 1 else { return nil }
      // A process can be in 65,536 groups, ten digits each.
      self.init(try file.contents(limit: 1 << 20))
    } catch {
      return nil
    }
  }

  /// Reads the text.
  init(_ text: [UInt8]) {
    for line in text.split(separator: UInt8(ascii: "\n")) {
      guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { continue }
      let name = line[..<colon]
      let words = line[(colon + 1)...].split { $0 == UInt8(ascii: "\t") || $0 == UInt8(ascii: " ") }
      guard let first = words.first.map({ String(decoding: $0, as: UTF8.self) }) else { continue }
      if name.elementsEqual("Pid".utf8) || name.elementsEqual("NSpid".utf8) {
        hasOurNumbers = words.count == 1 && pid_t(first) == getpid()
      } else if name.elementsEqual("Seccomp".utf8) {
        seccompMode = UInt64(first)
      } else if name.elementsEqual("Seccomp_filters".utf8) {
        countsFilters = true
      }
    }
  }
}
