internal import CLinuxShims

/// Whether files that later runs trust can be changed by others than their owner and root.
enum TrustedFiles {
  /// Looks at a program and the folders above it.
  ///
  /// - Parameter path: Its absolute path without links.
  /// - Returns: A clause for each that somebody else may change or replace; empty where nobody may.
  /// - Throws: Why one of them cannot be looked at.
  static func doubts(about path: [UInt8]) throws(Failure) -> [String] {
    let slash = UInt8(ascii: "/")
    let ends = path.indices.dropFirst().filter { path[$0] == slash } + [path.count]
    var doubts: [String] = []
    for name in [[slash]] + ends.map({ Array(path[..<$0]) }) {
      do throws(SystemError) {
        doubts += try doubt(about: name).map { [$0] } ?? []
      } catch {
        throw .system(error, "\(Word.text(of: name)) cannot be looked at")
      }
    }
    return doubts
  }

  private static func doubt(about name: [UInt8]) throws(SystemError) -> String? {
    var status = stat()
    _ = try attempt("stat") { lstat(nullTerminated(name), &status) }
    let text = Word.text(of: name)
    if status.st_uid != 0, status.st_uid != geteuid() {
      return "\(text) belongs to user \(status.st_uid)"
    }
    let isFolder = status.st_mode & mode_t(S_IFMT) == mode_t(S_IFDIR)
    // From a sticky folder nobody takes what is another one's.
    if isFolder, status.st_mode & mode_t(S_ISVTX) != 0 { return nil }
    // A user's own group, which has the user's number, is nobody else.
    let isOwnGroup = status.st_gid == 0 || status.st_gid == status.st_uid
    if status.st_mode & 0o002 != 0 || (status.st_mode & 0o020 != 0 && !isOwnGroup) {
      return "others may write to \(text)"
    }
    return nil
  }
}
