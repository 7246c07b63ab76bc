internal import CLinuxShims

/// An open file that closes once, when its owner goes.
struct Descriptor: ~Copyable {
  let number: CInt

  /// Takes over a descriptor that nobody else closes.
  init(owning number: CInt) {
    self.number = number
  }

  /// Opens a file for reading; a command that is run later does not inherit it.
  init(reading path: UnsafePointer<CChar>) throws(SystemError) {
    number = try attempt("open") { nonet_open_for_reading(path) }
  }

  deinit { _ = close(number) }

  /// Opens an ordinary file for reading, and waits for nobody.
  ///
  /// What it is is asked of the open file, since what has the name may be exchanged at any time. Without O_NONBLOCK
  /// a FIFO would wait for its writer, and a file under a lease for its holder (open(2)).
  ///
  /// - Parameter path: Its name.
  /// - Returns: The file.
  /// - Throws: The errno of a call that failed; EINVAL for what is no ordinary file, or one of /proc and its like,
  ///   such as /proc/kmsg, whose reader may wait.
  static func ordinary(_ path: UnsafePointer<CChar>) throws(SystemError) -> Descriptor {
    let file = Descriptor(owning: try attempt("open") { nonet_open_without_waiting(path) })
    let number = file.number
    var status = stat()
    _ = try attempt("fstat") { fstat(number, &status) }
    let isMadeUp = try attempt("fstatfs") { nonet_is_made_up(number) } != 0
    guard status.st_mode & mode_t(S_IFMT) == mode_t(S_IFREG), !isMadeUp else {
      throw SystemError(call: "open", number: EINVAL)
    }
    return file
  }

  /// Reads once, at most so many bytes.
  borrowing func start(_ most: Int) throws(SystemError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: most)
    let number = number
    let count = try attempt("read") { read(number, &bytes, most) }
    return Array(bytes[..<count])
  }

  /// Reads until the end or until there is more than `limit`.
  borrowing func contents(limit: Int) throws(SystemError) -> [UInt8] {
    try readAll(from: number, limit: limit)
  }
}

/// Reads a descriptor until its end or until there is more than `limit`.
func readAll(from descriptor: CInt, limit: Int) throws(SystemError) -> [UInt8] {
  var bytes: [UInt8] = []
  var chunk = [UInt8](repeating: 0, count: 1 << 14)
  while bytes.count <= limit {
    let capacity = chunk.count
    let count = try attempt("read") { read(descriptor, &chunk, capacity) }
    if count == 0 { break }
    bytes += chunk[..<count]
  }
  return bytes
}

/// Writes all of the bytes; a short write is continued, not taken for success.
func writeAll(_ bytes: [UInt8], to descriptor: CInt) throws(SystemError) {
  var written = 0
  while written < bytes.count {
    written += try attempt("write") {
      bytes.withUnsafeBytes { buffer in
        write(descriptor, buffer.baseAddress.map { $0 + written }, buffer.count - written)
      }
    }
  }
}

/// Writes all of the bytes to somebody who may not read them.
///
/// Each piece is one for which a pipe has room where poll(2) says so (pipe(7), PIPE_BUF).
///
/// - Parameters:
///   - bytes: What is written.
///   - descriptor: Where to.
///   - patience: A reader that takes nothing for so long is not waited for, in milliseconds.
/// - Throws: The errno of write(2); ETIMEDOUT where nobody reads.
func writePatiently(
  _ bytes: [UInt8], to descriptor: CInt, _ patience: CInt
) throws(SystemError) {
  let most = 4096
  let rest: CInt = 10
  var written = 0
  while written < bytes.count {
    var request = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
    let ready = poll(&request, 1, patience)
    if ready == 0 { throw SystemError(call: "write", number: ETIMEDOUT) }
    if ready < 0, nonet_errno() == EINTR { continue }
    // Where it cannot be asked, what is said is written all the same.
    do throws(SystemError) {
      written += try attempt("write") {
        bytes.withUnsafeBytes { buffer in
          write(
            descriptor, buffer.baseAddress.map { $0 + written }, min(most, buffer.count - written))
        }
      }
    } catch {
      guard error.number == EAGAIN else { throw error }
      // Somebody else has filled it, or it takes less than a piece.
      _ = poll(nil, 0, rest)
    }
  }
}

/// Makes a folder of a new name that everybody may read and only we may change.
///
/// - Parameter prefix: The path up to the part that is made up.
/// - Returns: The path of the folder.
/// - Throws: The errno of mkdtemp(3) or chmod(2).
func makeFolder(prefix: String) throws(SystemError) -> String {
  var template = Array((prefix + "XXXXXX").utf8CString)
  _ = try attempt("mkdtemp") { mkdtemp(&template) == nil ? -1 : 0 }
  _ = try attempt("chmod") { chmod(template, 0o755) }
  return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
}

/// Leaves a process behind that removes a folder, and what is in it, once this process has ended.
///
/// - Throws: The errno of clone(2) or fork(2).
func removeAfterwards(_ folder: String) throws(SystemError) {
  _ = try attempt("fork") { nonet_remove_afterwards(folder) }
}

/// Writes a file that must not be there yet; everybody may read it.
func writeNewFile(_ path: String, _ bytes: [UInt8]) throws(SystemError) {
  let file = Descriptor(owning: try attempt("open") { nonet_create_file(path, 0o644) })
  // Whatever the umask is: a program that changes its user still has to read it.
  _ = try attempt("fchmod") { fchmod(file.number, 0o644) }
  try writeAll(bytes, to: file.number)
}

/// Whether a file of that name exists, whatever it is.
func fileExists(_ path: UnsafePointer<CChar>) -> Bool { access(path, F_OK) == 0 }

/// Whether this process may execute a file of that name (access(2)).
func isExecutable(_ path: UnsafePointer<CChar>) -> Bool { access(path, X_OK) == 0 }

/// Whether a folder has that name.
func isDirectory(_ path: UnsafePointer<CChar>) -> Bool {
  var status = stat()
  return stat(path, &status) == 0 && status.st_mode & mode_t(S_IFMT) == mode_t(S_IFDIR)
}

/// Whether an ordinary file has that name, and no pipe or device, whose opening may wait for somebody.
func isRegularFile(_ path: UnsafePointer<CChar>) -> Bool {
  var status = stat()
  return stat(path, &status) == 0 && status.st_mode & mode_t(S_IFMT) == mode_t(S_IFREG)
}

/// Whether a path is a symbolic link itself.
func isLink(_ path: UnsafePointer<CChar>) -> Bool {
  var status = stat()
  return lstat(path, &status) == 0 && status.st_mode & mode_t(S_IFMT) == mode_t(S_IFLNK)
}

/// Which file has a name, where links lead to it, and what kind of file it is (stat(2)).
struct NamedFile {
  let device: UInt64
  let inode: UInt64
  let size: Int
  let isRegular: Bool
  let isFolder: Bool

  init(_ path: UnsafePointer<CChar>) throws(SystemError) {
    var status = stat()
    _ = try attempt("stat") { stat(path, &status) }
    self.init(status)
  }

  /// Which file is open.
  init(_ file: borrowing Descriptor) throws(SystemError) {
    let number = file.number
    var status = stat()
    _ = try attempt("fstat") { fstat(number, &status) }
    self.init(status)
  }

  private init(_ status: stat) {
    device = UInt64(truncatingIfNeeded: status.st_dev)
    inode = UInt64(truncatingIfNeeded: status.st_ino)
    size = Int(truncatingIfNeeded: status.st_size)
    isRegular = status.st_mode & mode_t(S_IFMT) == mode_t(S_IFREG)
    isFolder = status.st_mode & mode_t(S_IFMT) == mode_t(S_IFDIR)
  }
}

/// Keeps a file from every command that is run later: descriptors of it from 3 upwards are closed then.
///
/// By the file and not by a number, for a pipe has more than one end and every end more than one
/// descriptor. A file that is one of the descriptors 0 to 2 is the command's in any case; `/dev/null`
/// and its like (mem(4), major number 1) are everybody's.
///
/// - Parameter descriptor: The file, opened by this process.
/// - Throws: What kept the search from seeing all descriptors.
func keepFromCommands(_ descriptor: CInt) throws(SystemError) {
  var file = stat()
  _ = try attempt("fstat") { fstat(descriptor, &file) }
  let isDevice = file.st_mode & mode_t(S_IFMT) == mode_t(S_IFCHR)
  if isDevice, (file.st_rdev >> 8) & 0xfff == 1 { return }
  func isOfFile(_ number: CInt) -> Bool {
    var other = stat()
    return fstat(number, &other) == 0 && other.st_dev == file.st_dev && other.st_ino == file.st_ino
  }
  if (0...2).contains(where: isOfFile) { return }
  for number in try openDescriptors() where isOfFile(number) {
    _ = try attempt("fcntl") { nonet_close_on_exec(number) }
  }
}

/// A path for the kernel, which need not be UTF-8.
func nullTerminated(_ path: [UInt8]) -> [CChar] { path.map { CChar(bitPattern: $0) } + [0] }
