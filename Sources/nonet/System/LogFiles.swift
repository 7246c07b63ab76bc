internal import CLinuxShims

// What logs need of files besides being written to: see `LineLog`, `DocumentLog` and `LostDocuments`.

/// Closes a descriptor; what close(2) says of it changes nothing.
func closeQuietly(_ descriptor: CInt) { _ = close(descriptor) }

/// Writes once.
///
/// - Returns: How many of the bytes were taken.
/// - Throws: The errno of write(2): EAGAIN for a pipe that is full.
func writeOnce(_ bytes: ArraySlice<UInt8>, to descriptor: CInt) throws(SystemError) -> Int {
  try attempt("write") { bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) } }
}

/// Writes bytes in the place of others, by one write.
///
/// - Parameters:
///   - bytes: The new ones.
///   - descriptor: A regular file.
///   - place: Where in the file.
/// - Throws: The errno of pwrite(2); ENOSPC where only some of them were taken.
func overwrite(_ bytes: [UInt8], in descriptor: CInt, at place: Int) throws(SystemError) {
  let count = try attempt("pwrite") {
    bytes.withUnsafeBytes { pwrite(descriptor, $0.baseAddress, $0.count, place) }
  }
  guard count == bytes.count else { throw SystemError(call: "pwrite", number: ENOSPC) }
}

/// Reads so many bytes at a place of a file; `nil` where there are fewer.
func readBytes(of descriptor: CInt, at place: Int, count: Int) -> [UInt8]? {
  var bytes = [UInt8](repeating: 0, count: count)
  let found = bytes.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, $0.count, place) }
  return found == count ? bytes : nil
}

/// The size of a regular file in bytes; `nil` for what is none.
func sizeOfRegularFile(_ descriptor: CInt) -> Int? {
  var status = stat()
  guard fstat(descriptor, &status) == 0, status.st_mode & mode_t(S_IFMT) == mode_t(S_IFREG) else {
    return nil
  }
  return Int(status.st_size)
}

/// Takes the last bytes of a file away again, where nobody has written behind them: runs may share one.
///
/// - Parameters:
///   - count: How many this descriptor has just written.
///   - descriptor: The file, open for appending.
/// - Returns: Whether they are gone.
func cutEnd(_ count: Int, of descriptor: CInt) -> Bool {
  var status = stat()
  let end = lseek(descriptor, 0, SEEK_CUR)
  return end >= count && fstat(descriptor, &status) == 0 && status.st_size == end
    && ftruncate(descriptor, end - count) == 0
}

/// Locks a file for as long as the descriptor is open, where its file system has locks.
func lock(_ descriptor: CInt) { _ = nonet_lock(descriptor) }

/// Whether somebody has locked a file; `nil` where that cannot be known.
func isLocked(_ descriptor: CInt) -> Bool? {
  let answer = nonet_is_locked(descriptor)
  return answer < 0 ? nil : answer != 0
}

/// Whether a file has a name still.
func hasName(_ descriptor: CInt) -> Bool {
  var status = stat()
  return fstat(descriptor, &status) == 0 && status.st_nlink > 0
}

extension PinnedFolder {
  /// Makes a file that must not be there yet, for its owner alone, and opens it for writing.
  ///
  /// - Returns: A descriptor for the caller to close.
  func create(_ name: [UInt8]) throws(SystemError) -> CInt {
    try open(name, O_WRONLY | O_CREAT | O_EXCL, mode: 0o600)
  }

  /// Opens a file for reading.
  func file(_ name: [UInt8]) throws(SystemError) -> Descriptor {
    Descriptor(owning: try open(name, O_RDONLY))
  }

  /// Opens a file of a folder to change bytes of it; a link is not followed.
  ///
  /// - Parameters:
  ///   - name: The file's name, which has no slash.
  ///   - folder: A descriptor of the folder.
  /// - Returns: The file.
  /// - Throws: The errno of openat(2).
  static func file(_ name: [UInt8], toChangeIn folder: CInt) throws(SystemError) -> Descriptor {
    let text = nullTerminated(name)
    return Descriptor(owning: try attempt("open") { nonet_open_in(folder, text, O_RDWR, 0) })
  }

  /// Takes a name out of a folder, where it is there.
  static func remove(_ name: [UInt8], from folder: CInt) {
    _ = unlinkat(folder, nullTerminated(name), 0)
  }

  /// The names in the folder, `.` and `..` among them.
  ///
  /// - Parameter most: How many there may be.
  /// - Returns: `nil` where there are more, or where they cannot be read.
  func names(most: Int) -> [[UInt8]]? {
    let number: CInt
    do throws(SystemError) {
      number = try open([UInt8(ascii: ".")], O_RDONLY | O_DIRECTORY)
    } catch {
      return nil
    }
    guard let list = fdopendir(number) else {
      closeQuietly(number)
      return nil
    }
    defer { closedir(list) }
    var names: [[UInt8]] = []
    while let entry = readdir(list) {
      if names.count == most { return nil }
      names.append(withUnsafeBytes(of: &entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) })
    }
    return names
  }
}

/// Who may change a file, or take another one into its place where it is a folder.
struct FileRights {
  let owner: uid_t
  let group: UInt32
  /// Whether nobody takes what is another one's out of the folder (inode(7), S_ISVTX).
  let isStickyFolder: Bool
  let letsGroupWrite: Bool
  let letsOthersWrite: Bool

  /// Looks at a file; at a link itself, not at where it leads.
  init(_ path: [UInt8]) throws(SystemError) {
    var status = stat()
    _ = try attempt("stat") { lstat(nullTerminated(path), &status) }
    owner = status.st_uid
    group = status.st_gid
    isStickyFolder =
      status.st_mode & mode_t(S_IFMT) == mode_t(S_IFDIR) && status.st_mode & mode_t(S_ISVTX) != 0
    letsGroupWrite = status.st_mode & 0o020 != 0
    letsOthersWrite = status.st_mode & 0o002 != 0
  }
}
