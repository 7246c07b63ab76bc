import Testing

@testable import nonet

@Suite struct LineDifferenceTests {
  private static func lines(_ old: String, _ new: String) -> [String] {
    LineDifference.text(from: Array(old.utf8), to: Array(new.utf8), name: "f")
      .split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
  }

  @Test func equalTextsDifferNowhere() {
    #expect(LineDifference.text(from: [0x61], to: [0x61], name: "f").isEmpty)
    #expect(LineDifference.text(from: [], to: [], name: "f").isEmpty)
  }

  @Test func threeLinesAreShownAround() {
    let numbers = (1...9).map { "\($0)\n" }
    let old = numbers.joined()
    let new = (numbers[..<5] + ["x\n", "y\n"] + numbers[6...]).joined()
    #expect(
      Self.lines(old, new) == [
        "--- f", "+++ f", "@@ -3,7 +3,8 @@", " 3", " 4", " 5", "-6", "+x", "+y", " 7", " 8", " 9",
        "",
      ])
  }

  @Test func theEndsAreLines() {
    #expect(Self.lines("", "a\n") == ["--- f", "+++ f", "@@ -0,0 +1,1 @@", "+a", ""])
    #expect(Self.lines("a\n", "") == ["--- f", "+++ f", "@@ -1,1 +0,0 @@", "-a", ""])
    #expect(
      Self.lines("a", "a\n") == [
        "--- f", "+++ f", "@@ -1,1 +1,1 @@", "-a", "\\ No newline at end of file", "+a", "",
      ])
    #expect(Self.lines("a\na\n", "a\na\na\n").contains("+a"))
  }

  @Test func nothingReachesTheTerminalButText() {
    #expect(Self.lines("", "\u{1b}[2J\t\u{7f}\r\n").contains("+?[2J\t??"))
  }
}
