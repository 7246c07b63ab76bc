import Testing

@testable import nonet

@Suite struct ShellTextTests {
  private static func quoted(_ text: String) -> String {
    String(decoding: ShellText.quoted(Array(text.utf8)), as: UTF8.self)
  }

  @Test(arguments: [
    ("", "''"), ("ls", "'ls'"), ("a b\n$x `y` $(z) \"", "'a b\n$x `y` $(z) \"'"),
    ("'", #"''\'''"#), ("it's", #"'it'\''s'"#), ("''", #"''\'''\'''"#),
    (#"a\b"#, #"'a\b'"#), (#"\"#, #"''\\"#), (#"a\"#, #"'a'\\"#), (#"a\'b"#, #"'a'\\\''b'"#),
    (#"a\\b"#, #"'a'\\\\'b'"#), (#"\\"#, #"''\\\\"#), ("a\\\n", "'a\\\n'"),
  ])
  func onlyQuotesAndSomeBackslashesAreOutside(text: String, word: String) {
    #expect(Self.quoted(text) == word)
    #expect(ShellText.unquoted(word.utf8) == Array(text.utf8))
  }

  @Test(arguments: [
    "", "'", "ls", "'ls", "ls'", "''''", "'a''b'", #"\'"#, #"'a'\'"#, #"'a'\"#, #"'a\\b'"#,
    #"'a\'"#,
    #"'a'\b"#, "'a' ", " 'a'", "'a';", "'a'b", "\"a\"", #"'it'"'"'s'"#,
  ])
  func noOtherQuotingIsOurs(word: String) {
    #expect(ShellText.unquoted(word.utf8) == nil)
  }

  /// Also of texts that are all quotes, backslashes and blanks.
  @Test func unquotingIsTheInverse() {
    var random = Seeded(71)
    let bytes: [UInt8] = [0x27, 0x27, 0x5c, 0x5c, 0x20, 0x61, 0x0a, 0xff]
    for _ in 0..<20_000 {
      let text = (0..<Int.random(in: 0...12, using: &random)).map { _ in random.pick(bytes) }
      #expect(ShellText.unquoted(ShellText.quoted(text)) == text, "\(random)")
      // Any bytes that are taken for ours are what would have been made.
      if let inner = ShellText.unquoted(text) { #expect(ShellText.quoted(inner) == text) }
    }
  }

  @Test(arguments: [
    ("/usr/bin/nonet", true), ("--policy", true), ("a,b:c@d+e_f", true), ("", false),
    ("a b", false),
    ("~", false), ("=ls", false), ("a%", false), ("{a,b}", false), ("é", false), ("#", false),
    ("!", false), ("*", false), ("'", false),
  ])
  func wordsAreQuotedWhereAShellSeesSomething(word: String, isPlain: Bool) {
    let text = String(decoding: ShellText.word(Array(word.utf8)), as: UTF8.self)
    #expect(text == (isPlain ? word : Self.quoted(word)))
  }

  @Test(arguments: [false, true])
  func onlyTheSameProgramAndOptionsAreConfined(handsFolder: Bool) {
    let words = ["/bin/nonet", "--errno", "EPERM"].map { Array($0.utf8) }
    let command = ConfinedCommand(words, handsFolder: handsFolder)
    let own = command.wrapping(Array("it's".utf8))
    let line = #"/bin/nonet --errno EPERM -- bash -c 'it'\''s'"#
    let entering = #"builtin cd ${ZSH_VERSION:+-q} -- "$_nonet""#
    let whole = handsFolder ? "{ _nonet=$(\(line)) && \(entering); } 3>&1" : line
    #expect(own == Array(whole.utf8))
    #expect(command.isConfined(own))
    #expect(!command.isConfined(Array(own.dropLast())))
    #expect(!command.isConfined(own + own))
    for byte in [0x20, 0x3b, 0x0a, 0x27] as [UInt8] {
      #expect(!command.isConfined(own + [byte]))
      #expect(!command.isConfined([byte] + own))
    }
    for other in [
      ConfinedCommand([Array("/bin/nonet".utf8)], handsFolder: handsFolder),
      ConfinedCommand(words, handsFolder: !handsFolder),
    ] {
      #expect(!other.isConfined(own))
    }
  }
}
