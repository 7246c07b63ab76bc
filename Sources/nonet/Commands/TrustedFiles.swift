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
    let rights = try FileRights(name)
    let text = Word.text(of: name)
    if rights.owner != 0, rights.owner != OwnProcess.effectiveUser {
      return "\(text) belongs to user \(rights.owner)"
    }
    if rights.isStickyFolder { return nil }
    // A user's own group, which has the user's number, is nobody else.
    let isOwnGroup = rights.group == 0 || rights.group == rights.owner
    if rights.letsOthersWrite || (rights.letsGroupWrite && !isOwnGroup) {
      return "others may write to \(text)"
    }
    return nil
  }
}
