internal import CLinuxShims

/// Whether a thread is in a pid namespace below that of /proc, by "NSpid:" of proc_pid_status(5).
///
/// - Returns: `nil` where the thread is gone or /proc does not say (before Linux 4.1).
func isInInnerPIDNamespace(_ thread: pid_t) -> Bool? {
  guard let words = words(after: "NSpid:", in: "/proc/\(thread)/status", most: 2048) else {
    return nil
  }
  return words.count > 1
}

/// Whether a number is that of a thread of this process.
func isOwnThread(_ number: pid_t) -> Bool { nonet_is_own_thread(number) != 0 }

/// The process for which a thread's descriptor is a handle (pidfd_open(2), "Pid:" of its fdinfo).
///
/// - Returns: Its number as /proc has it, -1 for one that has ended; `nil` for any other descriptor.
func processOfHandle(_ descriptor: CInt, of thread: pid_t) -> pid_t? {
  let name = "/proc/\(thread)/fdinfo/\(descriptor)"
  guard let word = words(after: "Pid:", in: name, most: 1024)?.first else { return nil }
  return pid_t(String(decoding: word, as: UTF8.self))
}

/// The words of the first line of a small file that begins with a label.
private func words(
  after label: StaticString, in name: String, most: Int
) -> [ArraySlice<UInt8>]? {
  let label = "\(label)".utf8
  do throws(SystemError) {
    let text = try Descriptor(reading: name).start(most)
    for line in text.split(separator: UInt8(ascii: "\n")) where line.starts(with: label) {
      return line.dropFirst(label.count).split {
        $0 == UInt8(ascii: "\t") || $0 == UInt8(ascii: " ")
      }
    }
  } catch {}
  return nil
}
