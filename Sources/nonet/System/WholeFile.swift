internal import CLinuxShims

/// Gives a file new contents, wholly or not at all.
///
/// The bytes go into a new file beside it, which takes its name only when all of them are on the
/// disk (rename(2)): whatever fails, what was there before is still there. A symbolic link is
/// followed, mode and owner are kept, and a new file gets what the umask leaves of `rw-rw-rw-`.
/// What cannot be replaced, such as a pipe or `/dev/stdout`, is written to.
///
/// - Parameters:
///   - path: The file's name, without NUL.
///   - bytes: The new contents.
/// - Throws: The errno of the step that failed; nothing of the attempt is left behind.
func writeWholeFile(_ path: [UInt8], _ bytes: [UInt8]) throws(SystemError) {
  var old = stat()
  let name = nullTerminated(path)
  let isThere = stat(name, &old) == 0
  if isThere, old.st_mode & mode_t(S_IFMT) != mode_t(S_IFREG) {
    let file = Descriptor(owning: try attempt("open") { nonet_open_for_writing(name) })
    return try writeAll(bytes, to: file.number)
  }
  // Where the name is a link that leads nowhere, the link itself is what gets replaced.
  let target = isThere ? try realPath(name) : name
  let folder = folderName(of: target)
  // Not a hidden name that somebody could have put there: O_EXCL takes only what is new.
  let temporary = nullTerminated(
    target.dropLast().map { UInt8(bitPattern: $0) } + Array(".\(getpid()).new".utf8))
  do throws(SystemError) {
    let number = try attempt("open") { nonet_create_file(temporary, isThere ? 0o600 : 0o666) }
    let file = Descriptor(owning: number)
    try writeAll(bytes, to: file.number)
    if isThere { try giveOwner(of: old, mode: old.st_mode & 0o7777, to: file.number) }
    _ = try attempt("fsync") { fsync(file.number) }
    _ = try attempt("rename") { rename(temporary, target) }
  } catch {
    // A name that was taken is somebody else's.
    if error != SystemError(call: "open", number: EEXIST) { _ = unlink(temporary) }
    throw error
  }
  // The new name outlives a crash too, where the file system can promise it.
  do throws(SystemError) {
    let directory = try Descriptor(reading: folder)
    _ = fsync(directory.number)
  } catch {}
}

/// Gives a file the owner of another one, and a mode.
func giveOwner(of other: stat, mode: mode_t, to number: CInt) throws(SystemError) {
  if other.st_uid != geteuid() || other.st_gid != getegid() {
    _ = try attempt("fchown") { fchown(number, other.st_uid, other.st_gid) }
  }
  // After the owner, whose change takes set-id bits away.
  _ = try attempt("fchmod") { fchmod(number, mode) }
}

private func realPath(_ name: [CChar]) throws(SystemError) -> [CChar] {
  var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
  _ = try attempt("realpath") { realpath(name, &buffer) == nil ? -1 : 0 }
  return Array(buffer.prefix { $0 != 0 }) + [0]
}

private func folderName(of name: [CChar]) -> [CChar] {
  let slash = CChar(bitPattern: UInt8(ascii: "/"))
  guard let last = name.lastIndex(of: slash) else { return nullTerminated([UInt8(ascii: ".")]) }
  return Array(name[..<max(last, 1)]) + [0]
}
