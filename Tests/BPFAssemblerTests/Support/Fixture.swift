import Glibc
import Testing

/// Files under Fixtures, read anew by the tests that they drive.
struct Fixture: Sendable, CustomTestStringConvertible {
  /// The folder and the file's name without its extension.
  let folder: String
  let name: String

  var testDescription: String { name }

  private static let root = {
    let here: String = #filePath
    return "/" + here.split(separator: "/").dropLast(4).joined(separator: "/") + "/Fixtures"
  }()

  /// The fixtures of a folder that have a file with an extension, by name.
  static func all(in folder: String, _ suffix: String) -> [Fixture] {
    guard let directory = opendir("\(root)/\(folder)") else { return [] }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name.hasSuffix(suffix) { names.append(String(name.dropLast(suffix.utf8.count))) }
    }
    return names.sorted().map { Fixture(folder: folder, name: $0) }
  }

  /// The bytes of one of the fixture's files; a file that is not there is a failed test.
  func bytes(_ suffix: String) throws -> [UInt8] {
    let path = "\(Self.root)/\(folder)/\(name)\(suffix)"
    guard let file = fopen(path, "r") else { throw Missing(path: path) }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65536)
    while true {
      let count = fread(&buffer, 1, buffer.count, file)
      guard count > 0 else { return bytes }
      bytes += buffer[..<count]
    }
  }

  func text(_ suffix: String) throws -> String {
    String(decoding: try bytes(suffix), as: UTF8.self)
  }

  struct Missing: Error { let path: String }
}
