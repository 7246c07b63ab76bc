import Glibc

/// The rows of a checked-in .tsv, read anew: what the generated tables must agree with.
struct TableFile {
  /// The fields of each row; comments, empty lines and the line of column names left out.
  let rows: [[String]]

  /// Reads `name` from Sources/BPFAssembler/Architectures/Tables.
  init(_ name: String) {
    let here: String = #filePath
    let folder = here.split(separator: "/").dropLast(4).joined(separator: "/")
    let path = "/\(folder)/Sources/BPFAssembler/Architectures/Tables/\(name)"
    rows = Self.lines(of: path).compactMap { line in
      guard let first = line.first, first != "#", !line.hasPrefix("name\t") else { return nil }
      return line.split(separator: "\t", omittingEmptySubsequences: false).map { String($0) }
    }
  }

  private static func lines(of path: String) -> [Substring] {
    guard let file = fopen(path, "r") else { return [] }
    defer { fclose(file) }
    return Self.text(from: file).split(separator: "\n")
  }

  /// All that is left in a stream.
  static func text(from file: UnsafeMutablePointer<FILE>) -> String {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65536)
    while true {
      let count = fread(&buffer, 1, buffer.count, file)
      guard count > 0 else { return String(decoding: bytes, as: UTF8.self) }
      bytes += buffer[..<count]
    }
  }

  /// A number as the tables write it: decimal, or hexadecimal after `0x`.
  static func number(_ field: String) -> UInt64? {
    field.hasPrefix("0x") ? UInt64(field.dropFirst(2), radix: 16) : UInt64(field)
  }
}
