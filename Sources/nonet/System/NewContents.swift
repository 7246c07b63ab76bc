internal import CLinuxShims

/// New contents for a file, on the disk beside it, before they have its name; without the name they are gone
/// with this value.
struct NewContents: ~Copyable {
  private let folder: PinnedFolder
  private let name: [UInt8]
  /// The name of the file that holds them so far; `nil` once there is none.
  private var other: [UInt8]?
  /// How often somebody who writes at the same moment is given way to.
  private static let patience = 8

  private init(_ folder: PinnedFolder, _ name: [UInt8], other: [UInt8]) {
    (self.folder, self.name, self.other) = (folder, name, other)
  }

  /// Writes them.
  ///
  /// - Parameters:
  ///   - bytes: The contents.
  ///   - name: What they shall be called.
  ///   - folder: Where.
  ///   - old: A file whose owner and mode they get; `nil` for what the umask leaves of `rw-rw-rw-`.
  ///   - mode: The bits of the mode that they get of it.
  /// - Returns: They, on the disk.
  /// - Throws: The errno of the step that failed; EISDIR where a folder has the name.
  static func written(
    _ bytes: [UInt8], to name: [UInt8], in folder: PinnedFolder, like old: stat?, mode: mode_t
  ) throws(SystemError) -> NewContents {
    try refuseFolder(name, in: folder)
    let other = name + Array(".\(getpid()).new".utf8)
    // Not a hidden name that somebody could have put there: O_EXCL takes only what is new.
    let number = try folder.open(
      other, O_WRONLY | O_CREAT | O_EXCL, mode: old == nil ? 0o666 : 0o600)
    let file = Descriptor(owning: number)
    let new = NewContents(folder, name, other: other)
    try writeAll(bytes, to: file.number)
    if let old { try giveOwner(of: old, mode: old.st_mode & mode, to: file.number) }
    _ = try attempt("fsync") { fsync(file.number) }
    return new
  }

  private static func refuseFolder(
    _ name: [UInt8], in folder: PinnedFolder
  ) throws(SystemError) {
    let status: stat
    do throws(SystemError) {
      status = try folder.status(of: name)
    } catch {
      if error.number == ENOENT { return }
      throw error
    }
    if status.st_mode & mode_t(S_IFMT) == mode_t(S_IFDIR) {
      throw SystemError(call: "open", number: EISDIR)
    }
  }

  deinit {
    guard let other else { return }
    do throws(SystemError) { try folder.remove(other) } catch {}
  }

  /// Gives them their name; what had it before is gone.
  mutating func takeName() throws(SystemError) {
    guard let new = other else { return }
    try folder.rename(new, to: name)
    other = nil
    folder.synchronize()
  }

  /// Gives them the name of a file that has not changed since it was read.
  ///
  /// What somebody writes at this very moment is not lost: the two files exchange their names, and where the
  /// one that comes out is not the one that was read, they do so again.
  ///
  /// - Parameter text: What was read.
  /// - Throws: ESTALE where it has changed; then it is as somebody else has left it.
  mutating func takeName(ifItHolds text: [UInt8]) throws(SystemError) {
    guard let new = other else { return }
    guard try folder.contents(of: name, limit: text.count + 1) == text else { throw Self.changed }
    var put = try folder.status(of: new)
    do throws(SystemError) {
      try folder.exchange(new, name)
    } catch {
      guard error.number == EINVAL else { throw error }
      return try takeName()
    }
    if try folder.contents(of: new, limit: text.count + 1) == text {
      folder.synchronize()
      return
    }
    // Theirs goes back. Where not our own comes out by that, somebody was faster once more, and goes back too.
    for _ in 0..<Self.patience {
      let theirs = try folder.status(of: new)
      try folder.exchange(new, name)
      let out = try folder.status(of: new)
      if out.st_ino == put.st_ino, out.st_dev == put.st_dev { break }
      put = theirs
    }
    throw Self.changed
  }

  private static var changed: SystemError { SystemError(call: "read", number: ESTALE) }
}

/// Gives a file the owner of another one, and a mode.
func giveOwner(of other: stat, mode: mode_t, to number: CInt) throws(SystemError) {
  if other.st_uid != geteuid() || other.st_gid != getegid() {
    _ = try attempt("fchown") { fchown(number, other.st_uid, other.st_gid) }
  }
  // After the owner, whose change takes set-id bits away.
  _ = try attempt("fchmod") { fchmod(number, mode) }
}
