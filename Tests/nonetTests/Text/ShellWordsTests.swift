import Testing

@testable import nonet

@Suite struct ShellWordsTests {
  @Test(arguments: [
    ("", []), (" \t\n", []), ("a", ["a"]), (" a  b\tc\n", ["a", "b", "c"]),
    ("'a b' \"c d\"", ["a b", "c d"]), ("a' 'b\" \"c\\ d", ["a b c d"]), ("''", [""]),
    (#"'' "" a''"#, ["", "", "a"]), (#"'\'"#, [#"\"#]), (#""\"\\""#, [#""\"#]),
    (#""\a\$""#, [#"\a\$"#]), (#"\'\"\\\a"#, [#"'"\a"#]),
    ("$x `y` ~ * #z", ["$x", "`y`", "~", "*", "#z"]),
    ("a || exit 2", ["a", "||", "exit", "2"]), ("é", ["é"]),
  ])
  func words(text: String, words: [String]) throws {
    let found = try ShellWords.split(Array(text.utf8))
    #expect(found == words.map { Array($0.utf8) })
  }

  @Test(arguments: ["'", "\"", "a 'b", #""a\""#, "'a' '"])
  func anOpenQuoteHasNoWords(text: String) {
    #expect(throws: ShellWords.QuotingError.unclosedQuote) {
      try ShellWords.split(Array(text.utf8))
    }
  }

  @Test func aBackslashTakesSomethingWithIt() {
    #expect(throws: ShellWords.QuotingError.backslashAtEnd) {
      try ShellWords.split(Array(#"a\"#.utf8))
    }
  }

  /// What is written for a shell is read as a shell reads it.
  @Test func quotedWordsComeBack() throws {
    var random = Seeded(72)
    let bytes: [UInt8] = [0x27, 0x5c, 0x20, 0x61, 0x0a, 0x22, 0x24, 0xff]
    for _ in 0..<2_000 {
      let words = (0..<4).map { _ in
        (0..<Int.random(in: 0...6, using: &random)).map { _ in random.pick(bytes) }
      }
      let text = words.map { ShellText.word($0) }.joined(separator: [0x20])
      #expect(try ShellWords.split(Array(text)) == words, "\(random)")
    }
  }
}
