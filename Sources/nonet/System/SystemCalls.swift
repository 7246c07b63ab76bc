internal import CLinuxShims

/// A system call that failed, by the name in its manual page.
struct SystemError: Error {
  let call: StaticString
  let number: CInt

  /// What strerror(3) says, with the number for those who search for it.
  var reason: String {
    guard let text = strerror(number) else { return "errno \(number)" }
    return String(cString: text)
  }
}

/// The only place that knows -1, errno and EINTR.
///
/// - Parameters:
///   - name: The call, as its manual page has it.
///   - call: Makes the call once.
/// - Returns: What the call returned, when that is not negative.
/// - Throws: The errno of any failure but EINTR, after which the call is made again.
private func attempt<Result: SignedInteger>(
  _ name: StaticString, _ call: () -> Result
) throws(SystemError) -> Result {
  while true {
    let result = call()
    if result >= 0 { return result }
    let number = nonet_errno()
    if number != EINTR { throw SystemError(call: name, number: number) }
  }
}

/// An open file that closes once, when its owner goes.
struct Descriptor: ~Copyable {
  private let number: CInt

  /// Opens a file for reading; a command that is run later does not inherit it.
  init(reading path: UnsafePointer<CChar>) throws(SystemError) {
    number = try attempt("open") { nonet_open_for_reading(path) }
  }

  deinit { _ = close(number) }

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

/// From here on no `execve` gives this process privileges; seccomp(2) asks for it.
func setNoNewPrivileges() throws(SystemError) {
  _ = try attempt("prctl(PR_SET_NO_NEW_PRIVS)") { nonet_set_no_new_privs() }
}

/// Installs a filter for this thread and all that it starts; it cannot be taken off again.
///
/// - Parameter filter: The bytes of a `struct sock_filter[]`, 8 for each instruction.
/// - Throws: The errno of seccomp(2).
func installFilter(_ filter: [UInt8]) throws(SystemError) {
  let count = UInt16(truncatingIfNeeded: filter.count / 8)
  _ = try attempt("seccomp(SECCOMP_SET_MODE_FILTER)") {
    filter.withUnsafeBytes { nonet_install_filter($0.baseAddress, count) }
  }
}

/// Sets a variable in the environment of the command.
func setEnvironment(_ name: StaticString, _ value: String) throws(SystemError) {
  _ = try attempt("setenv") {
    value.withCString { value in
      name.withUTF8Buffer { _ in
        UnsafeRawPointer(name.utf8Start).withMemoryRebound(to: CChar.self, capacity: 1) {
          setenv($0, value, 1)
        }
      }
    }
  }
}

/// Becomes another program; comes back only to throw.
///
/// - Parameters:
///   - file: The program, found along PATH unless its name has a slash.
///   - arguments: A null-terminated vector, passed on untouched.
/// - Throws: The errno of execve(2), always.
func replaceProcess(
  with file: UnsafePointer<CChar>,
  arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
) throws(SystemError) {
  _ = try attempt("execve") { execvp(file, arguments) }
}

/// Whether a file of that name exists, whatever it is.
func fileExists(_ path: UnsafePointer<CChar>) -> Bool { access(path, F_OK) == 0 }

/// Whether a folder has that name.
func isDirectory(_ path: UnsafePointer<CChar>) -> Bool {
  var status = stat()
  return stat(path, &status) == 0 && status.st_mode & mode_t(S_IFMT) == mode_t(S_IFDIR)
}
