internal import CLinuxShims

/// A folder that was opened once: its files are found in it by their names, wherever its path leads
/// later.
///
/// No link of such a name is followed and no FIFO is waited for, so a process that may write in the folder
/// cannot make this process open, change or wait for anything elsewhere.
final class PinnedFolder {
  private let descriptor: Descriptor
  /// An O_PATH descriptor, which no command inherits.
  var number: CInt { descriptor.number }

  /// Takes over a folder that is open with O_PATH.
  init(_ descriptor: consuming Descriptor) {
    self.descriptor = descriptor
  }

  /// Opens a folder by a name of this program's own.
  convenience init(_ name: StaticString) throws(SystemError) {
    let number = try attempt("open") {
      UnsafeRawPointer(name.utf8Start).withMemoryRebound(
        to: CChar.self, capacity: name.utf8CodeUnitCount + 1
      ) { nonet_open_folder(AT_FDCWD, $0, 0) }
    }
    self.init(Descriptor(owning: number))
  }

  /// Opens a folder in this one; a link of that name is followed only where `follows` says so.
  func folder(_ name: [UInt8], follows: Bool = false) throws(SystemError) -> PinnedFolder {
    let folder = number
    let text = nullTerminated(name)
    let opened = try attempt("open") { nonet_open_folder(folder, text, follows ? 1 : 0) }
    return PinnedFolder(Descriptor(owning: opened))
  }

  /// Makes a folder in this one, for its owner alone, where none is there.
  func makeFolder(_ name: [UInt8]) throws(SystemError) {
    let folder = number
    let text = nullTerminated(name)
    do throws(SystemError) {
      _ = try attempt("mkdir") { mkdirat(folder, text, 0o700) }
    } catch {
      if error.number != EEXIST { throw error }
    }
  }

  /// Holds what has a name, a link too, without access to its contents (O_PATH); `nil` where nothing has.
  func look(_ name: [UInt8]) throws(SystemError) -> Descriptor? {
    let folder = number
    let text = nullTerminated(name)
    do throws(SystemError) {
      return Descriptor(owning: try attempt("open") { nonet_hold(folder, text) })
    } catch {
      if error.number == ENOENT { return nil }
      throw error
    }
  }

  /// Opens a file.
  ///
  /// - Parameters:
  ///   - name: Its name, which has no slash.
  ///   - flags: As for open(2); O_CLOEXEC, O_NOFOLLOW and O_NONBLOCK are added.
  ///   - mode: For a file that is made.
  /// - Returns: A descriptor for the caller to close.
  /// - Throws: The errno of openat(2): ELOOP for a link.
  func open(_ name: [UInt8], _ flags: CInt, mode: mode_t = 0) throws(SystemError) -> CInt {
    let folder = number
    let text = nullTerminated(name)
    return try attempt("open") { nonet_open_in(folder, text, flags, mode) }
  }

  /// What is known of a file; of a link, what it is itself unless it is followed.
  func status(of name: [UInt8], follows: Bool = false) throws(SystemError) -> stat {
    var status = stat()
    let folder = number
    let text = nullTerminated(name)
    let flags = follows ? 0 : AT_SYMLINK_NOFOLLOW
    _ = try attempt("stat") { fstatat(folder, text, &status, flags) }
    return status
  }

  /// Reads a file.
  ///
  /// - Parameters:
  ///   - name: Its name.
  ///   - limit: The most bytes it may have; more are read of a longer one, but not all.
  /// - Returns: What it holds.
  /// - Throws: The errno of a call that failed.
  func contents(of name: [UInt8], limit: Int) throws(SystemError) -> [UInt8] {
    let file = Descriptor(owning: try open(name, O_RDONLY))
    return try file.contents(limit: limit)
  }

  /// Gives a file another one's name; what had that name, even a link, is gone then.
  func rename(_ name: [UInt8], to other: [UInt8]) throws(SystemError) {
    let folder = number
    let (old, new) = (nullTerminated(name), nullTerminated(other))
    _ = try attempt("rename") { renameat(folder, old, folder, new) }
  }

  /// Gives two files each other's name at once.
  ///
  /// - Throws: The errno of renameat2(2): EINVAL where the file system cannot.
  func exchange(_ one: [UInt8], _ other: [UInt8]) throws(SystemError) {
    let folder = number
    let (first, second) = (nullTerminated(one), nullTerminated(other))
    _ = try attempt("rename") { nonet_exchange(folder, first, second) }
  }

  /// Takes a name out of the folder.
  func remove(_ name: [UInt8]) throws(SystemError) {
    let folder = number
    let text = nullTerminated(name)
    _ = try attempt("unlink") { unlinkat(folder, text, 0) }
  }

  /// Brings the names to the disk, where the file system can promise it.
  func synchronize() {
    do throws(SystemError) {
      let folder = Descriptor(owning: try open([UInt8(ascii: ".")], O_RDONLY | O_DIRECTORY))
      _ = fsync(folder.number)
    } catch {}
  }
}

/// Where a link leads that is held with `PinnedFolder.look`: this very one, whatever has its name now.
func linkTarget(of link: borrowing Descriptor) throws(SystemError) -> [UInt8] {
  let number = link.number
  var target = [CChar](repeating: 0, count: Int(PATH_MAX))
  let capacity = target.count
  let count = try attempt("readlink") { readlinkat(number, "", &target, capacity) }
  return target[..<count].map { UInt8(bitPattern: $0) }
}

/// A file by its name in a pinned folder, as it was found by its path.
struct PinnedName {
  let folder: PinnedFolder
  let name: [UInt8]
  /// What was there; `nil` where nothing was.
  let old: stat?

  /// Takes the file that a path leads to.
  ///
  /// - Throws: EISDIR where the path has no name at its end, ELOOP for an open file that has no name.
  init(_ path: TrustedPath) throws(SystemError) {
    var path = path
    if path.isOpenFile, let status = path.status, let link = try path.folder.look(path.name) {
      path = try TrustedPath(try linkTarget(of: link))
      guard path.status?.st_dev == status.st_dev, path.status?.st_ino == status.st_ino else {
        throw SystemError(call: "open", number: ELOOP)
      }
    }
    guard !path.name.elementsEqual(".".utf8) else {
      throw SystemError(call: "open", number: EISDIR)
    }
    (folder, name, old) = (path.folder, path.name, path.status)
  }

  var isRegular: Bool { old.map { $0.st_mode & mode_t(S_IFMT) == mode_t(S_IFREG) } ?? false }

  /// Reads the file.
  ///
  /// - Parameter limit: The most bytes it may have; more are read of a longer one, but not all.
  /// - Returns: What it holds.
  /// - Throws: The errno of a call that failed.
  func contents(limit: Int) throws(SystemError) -> [UInt8] {
    try folder.contents(of: name, limit: limit)
  }

  /// Gives the file new contents, wholly or not at all.
  ///
  /// Whatever fails, what was there before is still there. Mode and owner are those of what was
  /// found at first; a file that was not there gets what the umask leaves of `rw-rw-rw-`.
  ///
  /// - Throws: The errno of the step that failed; nothing of the attempt is left behind.
  func replace(with bytes: [UInt8]) throws(SystemError) {
    var new = try NewContents.written(bytes, to: name, in: folder, like: old, mode: 0o7777)
    try new.takeName()
  }
}
