internal import CLinuxShims

/// A file that is read, changed as a whole and kept beside in its former state.
struct FileReplacement {
  private let path: [UInt8]
  /// The file that the path led to; `nil` where there was none.
  private let file: PinnedName?
  /// What was read; `nil` where there was no file.
  let text: [UInt8]?

  /// Reads a file, which need not be there.
  ///
  /// - Parameters:
  ///   - path: The path.
  ///   - limit: The most bytes it may have; more are read of a longer one, but not all.
  /// - Throws: The errno of a call that failed; ENOENT means a link that leads nowhere.
  init(_ path: [UInt8], limit: Int) throws(SystemError) {
    self.path = path
    var status = stat()
    if lstat(nullTerminated(path), &status) != 0, nonet_errno() == ENOENT {
      (file, text) = (nil, nil)
      return
    }
    let found = try PinnedName(TrustedPath(path))
    guard let old = found.old else { throw SystemError(call: "open", number: ENOENT) }
    // A pipe or a device has no former state.
    guard found.isRegular else {
      let isFolder = old.st_mode & mode_t(S_IFMT) == mode_t(S_IFDIR)
      throw SystemError(call: "open", number: isFolder ? EISDIR : EINVAL)
    }
    text = try found.contents(limit: limit)
    file = found
  }

  /// Gives the file other bytes, and its former ones to a file beside it.
  ///
  /// - Parameters:
  ///   - bytes: The new contents.
  ///   - suffix: What the other file's name has behind this one's.
  /// - Throws: The errno of a call that failed, or ESTALE where somebody has changed the file since
  ///   it was read; then it is as it was.
  func replace(with bytes: [UInt8], keepingOldWith suffix: String) throws(SystemError) {
    guard let file, let text, let old = file.old else {
      let place = try TrustedPath(path, makesFolders: true)
      guard place.status == nil else { throw SystemError(call: "read", number: ESTALE) }
      return try PinnedName(place).replace(with: bytes)
    }
    // Beside the path that was given, which may be a link to a file elsewhere.
    let folder = try TrustedPath.folder(PathText.folder(path))
    let name = Array(PathText.lastComponent(path)) + Array(suffix.utf8)
    // For nobody but those that the file itself is open to.
    var former = try NewContents.written(text, to: name, in: folder, like: old, mode: 0o777)
    var new = try NewContents.written(
      bytes, to: file.name, in: file.folder, like: old, mode: 0o7777)
    try new.takeName(ifItHolds: text)
    try former.takeName()
  }
}
