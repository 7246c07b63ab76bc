extension [UInt8] {
  /// A place in a text as editors count it.
  ///
  /// - Parameter offset: How many bytes stand before it.
  /// - Returns: Line and column from 1; columns are counted in bytes.
  func place(at offset: Int) -> (line: Int, column: Int) {
    let before = self[..<Swift.min(offset, count)]
    let newline = UInt8(ascii: "\n")
    let lineStart = before.lastIndex(of: newline).map { $0 + 1 } ?? 0
    return (before.count { $0 == newline } + 1, before.count - lineStart + 1)
  }
}
