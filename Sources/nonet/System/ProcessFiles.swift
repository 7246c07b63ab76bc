internal import CLinuxShims

/// The files of one thread in /proc; they stay that thread's, and fail once it is gone, even where a
/// new one has its number.
struct ThreadFiles: ~Copyable {
  private let folder: Descriptor
  private let comm: Descriptor

  /// Opens the files.
  ///
  /// - Parameter thread: Its number; /proc/NUMBER is there for every thread, not only for the first.
  /// - Throws: EMFILE and the like, ENOENT where the thread is gone or /proc is not mounted.
  init(of thread: pid_t) throws(SystemError) {
    let opened = Descriptor(
      owning: try attempt("open") { nonet_open_at(AT_FDCWD, "/proc/\(thread)", 1) })
    let number = opened.number
    let name = try attempt("open") { nonet_open_at(number, "comm", 0) }
    folder = opened
    comm = Descriptor(owning: name)
  }

  /// The thread's name into a buffer; `nil` where the thread is gone.
  borrowing func readName(into bytes: UnsafeMutableRawBufferPointer) -> Int? {
    let count = pread(comm.number, bytes.baseAddress, bytes.count, 0)
    return count < 0 ? nil : count
  }

  /// The path of the thread's program into a buffer; `nil` where there is none to be seen.
  borrowing func readProgram(into bytes: UnsafeMutableRawBufferPointer) -> Int? {
    guard let base = bytes.baseAddress else { return nil }
    let count = readlinkat(folder.number, "exe", base, bytes.count)
    return count < 0 ? nil : count
  }

  /// The thread's mount namespace (namespaces(7)); `nil` where it is not to be seen.
  ///
  /// Not by looking at files: a file system of the thread's own could keep whoever looks waiting.
  borrowing func mounts() -> [CChar]? { Self.link(folder.number, "ns/mnt") }

  /// The mount namespace of this process.
  static func ownMounts() -> [CChar]? { link(AT_FDCWD, "/proc/self/ns/mnt") }

  private static func link(_ folder: CInt, _ name: UnsafePointer<CChar>) -> [CChar]? {
    var bytes = [CChar](repeating: 0, count: 32)
    let count = readlinkat(folder, name, &bytes, bytes.count)
    return count < 0 ? nil : Array(bytes[..<count])
  }

  /// The process that the thread belongs to, by its "Tgid:".
  borrowing func process() -> pid_t? {
    do throws(SystemError) {
      let folder = folder.number
      let status = Descriptor(
        owning: try attempt("open") { nonet_open_at(folder, "status", 0) })
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
