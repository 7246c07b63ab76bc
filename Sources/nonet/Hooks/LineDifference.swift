internal import BPFAssembler

/// The lines in which two texts differ, as `diff -u` writes them.
enum LineDifference {
  /// How many equal lines are shown around the others.
  private static let context = 3

  /// One hunk from the first line that differs to the last; empty where none does.
  ///
  /// - Parameters:
  ///   - old: The text as it is.
  ///   - new: The text as it is to be.
  ///   - name: What both are called.
  /// - Returns: Lines that are safe for a terminal.
  static func text(from old: [UInt8], to new: [UInt8], name: String) -> String {
    if old == new { return "" }
    let (before, after) = (lines(old), lines(new))
    let most = min(before.count, after.count)
    let head = (0..<most).first { before[$0] != after[$0] } ?? most
    let tail =
      (0..<(most - head)).first {
        before[before.count - 1 - $0] != after[after.count - 1 - $0]
      } ?? (most - head)
    let start = max(0, head - context)
    let shown = min(tail, context)
    let removed = before[head..<(before.count - tail)]
    let added = after[head..<(after.count - tail)]
    let end = before[(before.count - tail)..<(before.count - tail + shown)]
    let counts = (
      removed.count + head - start + shown, added.count + head - start + shown
    )
    return
      (["--- ", "+++ "].map { $0 + SafeText.shown(name.utf8) }
      + ["@@ -\(place(start, counts.0)) +\(place(start, counts.1)) @@"]
      + before[start..<head].map { " " + printable($0) } + removed.map { "-" + printable($0) }
      + added.map { "+" + printable($0) } + end.map { " " + printable($0) })
      .map { $0 + "\n" }.joined()
  }

  /// A line counts with its end, so that a missing one is a difference.
  private static func lines(_ text: [UInt8]) -> [ArraySlice<UInt8>] {
    var lines: [ArraySlice<UInt8>] = []
    var rest = text[...]
    while !rest.isEmpty {
      let end = rest.firstIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? rest.endIndex
      lines.append(rest[..<end])
      rest = rest[end...]
    }
    return lines
  }

  private static func place(_ start: Int, _ count: Int) -> String {
    "\(count == 0 ? start : start + 1),\(count)"
  }

  private static func printable(_ line: ArraySlice<UInt8>) -> String {
    let end = UInt8(ascii: "\n")
    let shown = line.last == end ? line.dropLast() : line
    // A tab stays one; a newline is not among these bytes.
    let text = SafeText.shown(shown, keepsLines: true)
    return line.last == end ? text : text + "\n\\ No newline at end of file"
  }
}
