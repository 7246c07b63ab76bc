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
  let handle = "anon_inode:[pidfd]"
  guard let word = word(after: "Pid:", of: descriptor, handle, in: thread) else { return nil }
  return pid_t(String(decoding: word, as: UTF8.self))
}

/// Whether a thread's socket closes at execve; `nil` where the descriptor is none.
func closesOnExec(_ socket: CInt, of thread: pid_t) -> Bool? {
  guard let word = word(after: "flags:", of: socket, "socket:[", in: thread) else { return nil }
  return UInt32(String(decoding: word, as: UTF8.self), radix: 8).map {
    $0 & UInt32(O_CLOEXEC) != 0
  }
}

/// Whether a thread's descriptor closes when it calls execve(2).
///
/// - Parameters:
///   - number: The descriptor.
///   - thread: Whose it is.
///   - inode: Which socket it was when it was copied (sockfs).
/// - Returns: `nil` where it is another one by now.
func closesOnExec(_ number: CInt, of thread: pid_t, socket inode: UInt64) -> Bool? {
  let flags = nonet_flags_of_socket(thread, number, inode)
  return flags < 0 ? nil : flags & O_CLOEXEC != 0
}

/// The first word behind a label in a thread's fdinfo (proc_pid_fdinfo(5)).
///
/// To read that of other kinds of files may take as long as the command wants, so the kind is asked for
/// before; it may be another one by then.
///
/// - Parameters:
///   - label: What the line begins with.
///   - descriptor: The descriptor.
///   - kind: What the link in the thread's folder `fd` begins with.
///   - thread: Whose it is.
/// - Returns: `nil` where there is none, or the descriptor is of another kind.
private func word(
  after label: StaticString, of descriptor: CInt, _ kind: String, in thread: pid_t
) -> ArraySlice<UInt8>? {
  var link = [CChar](repeating: 0, count: 64)
  let length = readlink("/proc/\(thread)/fd/\(descriptor)", &link, link.count)
  guard length > 0, link[..<length].map({ UInt8(bitPattern: $0) }).starts(with: kind.utf8) else {
    return nil
  }
  var text = [UInt8](repeating: 0, count: 1024)
  let count = nonet_read_patiently("/proc/\(thread)/fdinfo/\(descriptor)", &text, text.count)
  guard count > 0 else { return nil }
  return words(after: label, in: text[..<Int(count)])?.first
}

/// The words of the first line of a small file that begins with a label.
private func words(
  after label: StaticString, in name: String, most: Int
) -> [ArraySlice<UInt8>]? {
  do throws(SystemError) {
    let text = try Descriptor(reading: name).start(most)
    return words(after: label, in: text[...])
  } catch {
    return nil
  }
}

private func words(
  after label: StaticString, in text: ArraySlice<UInt8>
) -> [ArraySlice<UInt8>]? {
  let label = "\(label)".utf8
  for line in text.split(separator: UInt8(ascii: "\n")) where line.starts(with: label) {
    return line.dropFirst(label.count).split {
      $0 == UInt8(ascii: "\t") || $0 == UInt8(ascii: " ")
    }
  }
  return nil
}
