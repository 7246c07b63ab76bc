internal import CLinuxShims

/// The file that this process is an instance of.
enum OwnProgram {
  private static let link = "/proc/self/exe"

  /// The absolute path, links resolved; `nil` where no path leads to this very file.
  static var path: [UInt8]? {
    var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
    do throws(SystemError) {
      let capacity = buffer.count
      let count = try attempt("readlink") { readlink(link, &buffer, capacity) }
      // The kernel says "/path (deleted)" of a file that is gone, and that may be another one's name.
      guard count > 0, count < capacity, buffer[0] == CChar(bitPattern: UInt8(ascii: "/")) else {
        return nil
      }
      let path = buffer[..<count].map { UInt8(bitPattern: $0) }
      return isFile(path) ? path : nil
    } catch {
      return nil
    }
  }

  /// Whether a path leads to this very file.
  static func isFile(_ path: [UInt8]) -> Bool {
    var own = stat()
    var other = stat()
    return stat(link, &own) == 0 && stat(nullTerminated(path), &other) == 0
      && own.st_dev == other.st_dev && own.st_ino == other.st_ino
  }
}

/// The working folder.
///
/// - Throws: The errno of getcwd(2), for example ENOENT for a folder that is gone.
func workingFolder() throws(SystemError) -> [UInt8] {
  var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
  let capacity = buffer.count
  _ = try attempt("getcwd") { getcwd(&buffer, capacity) == nil ? -1 : 0 }
  return buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
}
