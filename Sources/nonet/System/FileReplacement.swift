internal import CLinuxShims

/// A file that is read, changed as a whole and kept beside in its former state.
struct FileReplacement {
  private let name: String
  /// What was read; `nil` where there was no file.
  let text: [UInt8]?
  private let status: stat

  /// Reads a file, which need not be there.
  ///
  /// - Parameters:
  ///   - name: The path.
  ///   - limit: The most bytes it may have; more are read of a longer one, but not all.
  /// - Throws: The errno of a call that failed; ENOENT means a link that leads nowhere.
  init(_ name: String, limit: Int) throws(SystemError) {
    self.name = name
    var status = stat()
    if lstat(name, &status) != 0, nonet_errno() == ENOENT {
      text = nil
      self.status = status
      return
    }
    let file = try Descriptor(reading: name)
    let number = file.number
    _ = try attempt("fstat") { fstat(number, &status) }
    // A pipe or a device has no former state.
    guard status.st_mode & mode_t(S_IFMT) == mode_t(S_IFREG) else {
      throw SystemError(call: "open", number: isDirectory(name) ? EISDIR : EINVAL)
    }
    text = try file.contents(limit: limit)
    self.status = status
  }

  /// Gives the file other bytes, and its former ones to a file beside it.
  ///
  /// - Parameters:
  ///   - bytes: The new contents.
  ///   - suffix: What the other file's name has behind this one's.
  /// - Throws: The errno of a call that failed, or ESTALE where somebody has changed the file since
  ///   it was read; then it is as it was.
  func replace(with bytes: [UInt8], keepingOldWith suffix: String) throws(SystemError) {
    if let text { try keep(text, as: name + suffix) } else { try makeFolders() }
    let now = try FileReplacement(name, limit: (text?.count ?? 0) + 1)
    guard now.text == text else { throw SystemError(call: "read", number: ESTALE) }
    try writeWholeFile(Array(name.utf8), bytes)
  }

  /// Writes the former bytes for nobody's eyes but those that the file itself is open to.
  private func keep(_ bytes: [UInt8], as copy: String) throws(SystemError) {
    _ = unlink(copy)
    let file = Descriptor(owning: try attempt("open") { nonet_create_file(copy, 0o600) })
    let number = file.number
    try writeAll(bytes, to: number)
    try giveOwner(of: status, mode: status.st_mode & 0o777, to: number)
    _ = try attempt("fsync") { fsync(number) }
  }

  /// Makes the folders of the path that are missing, for their owner alone.
  private func makeFolders() throws(SystemError) {
    let path = Array(name.utf8)
    for end in path.indices.dropFirst() where path[end] == UInt8(ascii: "/") {
      let folder = String(decoding: path[..<end], as: UTF8.self)
      if isDirectory(folder) { continue }
      _ = try attempt("mkdir") { mkdir(folder, 0o700) }
    }
  }
}
