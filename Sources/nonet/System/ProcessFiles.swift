internal import CLinuxShims

/// What /proc says of one thread.
///
/// Its name is read from a file that is kept open: that stays the thread's own, and fails once it is
/// gone, even where a new one has its number. All else goes by its number, so it is asked only while the
/// thread waits for an answer and cannot go.
struct ThreadFiles: ~Copyable {
  private let comm: Descriptor
  private let number: pid_t
  private let program: [CChar]

  /// Opens the files.
  ///
  /// - Parameter thread: Its number; /proc/NUMBER is there for every thread, not only for the first.
  /// - Throws: EMFILE and the like, ENOENT where the thread is gone or /proc is not mounted.
  init(of thread: pid_t) throws(SystemError) {
    let name = "/proc/\(thread)/comm"
    comm = Descriptor(owning: try attempt("open") { nonet_open_at(AT_FDCWD, name, 0) })
    number = thread
    program = Array("/proc/\(thread)/exe".utf8CString)
  }

  /// The thread's name into a buffer; `nil` where the thread is gone.
  borrowing func readName(into bytes: UnsafeMutableRawBufferPointer) -> Int? {
    let count = pread(comm.number, bytes.baseAddress, bytes.count, 0)
    return count < 0 ? nil : count
  }

  /// The path of the thread's program into a buffer; `nil` where there is none to be seen.
  borrowing func readProgram(into bytes: UnsafeMutableRawBufferPointer) -> Int? {
    guard let base = bytes.baseAddress else { return nil }
    let count = readlink(program, base, bytes.count)
    return count < 0 ? nil : count
  }

  /// The thread's mount namespace (namespaces(7)); `nil` where it is not to be seen.
  ///
  /// Not by looking at files: a file system of the thread's own could keep the supervisor waiting.
  borrowing func mounts() -> [CChar]? { Self.link("/proc/\(number)/ns/mnt") }

  /// The mount namespace of this process.
  static func ownMounts() -> [CChar]? { link("/proc/self/ns/mnt") }

  private static func link(_ name: String) -> [CChar]? {
    var bytes = [CChar](repeating: 0, count: 32)
    let count = readlink(name, &bytes, bytes.count)
    return count < 0 ? nil : Array(bytes[..<count])
  }

  /// The process that the thread belongs to, by its "Tgid:".
  borrowing func process() -> pid_t? {
    do throws(SystemError) {
      let name = "/proc/\(number)/status"
      let status = Descriptor(owning: try attempt("open") { nonet_open_at(AT_FDCWD, name, 0) })
      let text = try status.start(1024)
      for line in text.split(separator: UInt8(ascii: "\n")) where line.starts(with: "Tgid:".utf8) {
        let digits = line.dropFirst(5).filter { $0 != UInt8(ascii: "\t") }
        return pid_t(String(decoding: digits, as: UTF8.self))
      }
      return nil
    } catch {
      return nil
    }
  }
}
