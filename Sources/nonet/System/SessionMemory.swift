internal import CLinuxShims

/// The file by which commands of one session start one after the other, and which names a process of theirs.
///
/// A command may have forged it. So it decides nothing: it says where to look first.
final class SessionMemory {
  /// What stands in the file: the process to look at first.
  let process: pid_t?
  /// The file's descriptor, -1 where somebody else holds the lock.
  ///
  /// It closes when this process executes something, and not before: until then nobody else can see in which network this
  /// process is.
  private var file: CInt = -1

  /// A lock that is held for longer is not waited for: somebody only holds it.
  private static let patience = 2_000_000
  private static let step = 2_000
  private static let mostBytes = 16

  /// Takes the lock of a session.
  ///
  /// - Parameter name: The session's, which is a file's name.
  /// - Throws: What keeps the user from having such a file.
  init(_ name: String) throws(SystemError) {
    let folder = try Self.folder()
    let file = "session-\(name)"
    var left = Self.patience / Self.step
    while left > 0 {
      left -= 1
      let opened = nonet_open_memory(folder.number, file)
      if opened >= 0, nonet_lock_memory(folder.number, file, opened) == 0 {
        self.file = opened
        process = Self.process(in: opened)
        return
      }
      let error = nonet_errno()
      closeQuietly(opened)
      guard [EAGAIN, EINTR, ESTALE].contains(error) else {
        throw SystemError(call: "the file of session '\(name)'", number: error)
      }
      sleepMicroseconds(Self.step)
    }
    process = nil
  }

  /// Below `$XDG_RUNTIME_DIR`, or a folder of the user's own in /tmp.
  private static func folder() throws(SystemError) -> Descriptor {
    if let named = environmentValue("XDG_RUNTIME_DIR"), named.first == UInt8(ascii: "/") {
      let found = nonet_open_private_folder(nullTerminated(named), "nonet")
      if found >= 0 { return Descriptor(owning: found) }
    }
    let name = "nonet-\(OwnProcess.effectiveUser)"
    let found = nonet_open_private_folder("/tmp", name)
    if found >= 0 { return Descriptor(owning: found) }
    throw SystemError(
      call: "/tmp/\(name) has to be a folder of this user with mode 700"
        + " (remove it, or set XDG_RUNTIME_DIR)",
      number: nonet_errno())
  }

  private static func process(in file: CInt) -> pid_t? {
    var bytes = [UInt8](repeating: 0, count: mostBytes)
    let count = pread(file, &bytes, bytes.count, 0)
    guard count > 0, count < mostBytes else { return nil }
    return pid_t(String(decoding: bytes[..<count], as: UTF8.self)).flatMap { $0 > 0 ? $0 : nil }
  }

  /// Names a process; a file that cannot be written to only costs the next one a search.
  func note(_ process: pid_t) {
    guard file >= 0, ftruncate(file, 0) == 0 else { return }
    let text = Array("\(process)".utf8)
    _ = pwrite(file, text, text.count, 0)
  }

  /// Lets the next one start.
  func unlock() {
    if file >= 0 { nonet_unlock_memory(file) }
    file = -1
  }
}
