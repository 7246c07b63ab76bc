/// Paths as they are written; whether anything is there is not asked.
enum PathText {
  static let slash = UInt8(ascii: "/")

  /// What follows the last slash; the whole path where it has none.
  static func lastComponent(_ path: [UInt8]) -> ArraySlice<UInt8> {
    path.lastIndex(of: slash).map { path[($0 + 1)...] } ?? path[...]
  }

  /// The names in a path, from the first one on; `.` is none.
  static func names(_ path: [UInt8]) -> [[UInt8]] {
    path.split(separator: slash).map { Array($0) }.filter { !$0.elementsEqual(".".utf8) }
  }

  /// The folder of a path: `.` where the path has no slash, `/` where only the first byte is one.
  static func folder(_ path: [UInt8]) -> [UInt8] {
    guard let end = path.lastIndex(of: slash) else { return [UInt8(ascii: ".")] }
    return Array(path[..<max(end, 1)])
  }
}
