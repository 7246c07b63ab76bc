import Testing

@testable import nonet

@Suite struct HookTextTests {
  /// The lines of a text, as they are told: a header, something else, or nothing.
  private func kinds(_ text: String) -> String {
    TOMLLine.lines(of: Array(text.utf8))
      .map { $0.isHeader ? "h" : $0.isBlankOrComment ? "-" : "x" }.joined()
  }

  @Test(arguments: [
    ("", ""), ("a=1", "x"), ("\n", "-"), ("# [a]\n[a]\n b=1\n", "-hx"), ("[[ a ]] # x\r\n", "h"),
    ("a = \"\"\"\n[b]\n\"\"\"\n[c]\n", "xh"), ("a = '''\n[b]\n\\'''\n[c]\n", "xh"),
    ("a = \"\"\"\\\"\"\"\n[b]\"\"\"\n[c]\n", "xh"), ("a = \"\\\"\"\n[b]\n", "xh"),
    ("a = '\\'\n[b]\n", "xh"), ("a = \"#\"\n[b]\n", "xh"), ("a = \"\n[b]\n", "xh"),
    ("a = 1 # \"\n[b]\n", "xh"), ("a = \"\"\n[b]\n", "xh"), ("a = \"x\\", "x"),
    ("a = \"\"\"\n[b]\n", "x"), ("[a", "h"),
    ("a = [\n[1],\n[[2]] ]\n[b]\n", "xh"), ("a = {\n}\n]\n[b]\n", "xxh"),
    ("a = [ # ]\n]\n[b]\n", "xh"),
    ("a = [ \"]\" \n]\n[b]\n", "xh"),
  ])
  func lines(text: String, expected: String) {
    #expect(kinds(text) == expected)
  }

  /// Lines cover a text to the byte, whatever it is.
  @Test func linesCoverTheText() {
    let pieces = ["\"", "'", "\"\"\"", "'''", "\\", "\n", "#", "[", "[[hooks]]", "a = ", "x", "\r"]
    var random = SystemRandomNumberGenerator()
    for _ in 0..<2000 {
      let text = (0..<Int.random(in: 0..<12, using: &random))
        .map { _ in pieces[Int.random(in: 0..<pieces.count, using: &random)] }.joined()
      var next = 0
      for line in TOMLLine.lines(of: Array(text.utf8)) {
        #expect(line.range.lowerBound == next && !line.range.isEmpty, "\(text)")
        next = line.range.upperBound
      }
      #expect(next == text.utf8.count, "\(text)")
    }
  }
}
