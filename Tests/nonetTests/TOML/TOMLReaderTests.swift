import Testing

@testable import nonet

/// What is TOML 1.0, and what it says.
///
/// `Tests/BlackBox/test_hook_toml.py` compares with another reader.
@Suite struct TOMLReaderTests {
  /// What a text says, in the letters of JSON; scalars without JSON's form as they are written.
  private func meaning(_ text: String) throws -> String {
    func shown(_ value: TOMLValue) -> String {
      if let text = value.utf8 { return "'\(String(decoding: text, as: UTF8.self))'" }
      if let bool = value.bool { return "\(bool)" }
      if value.kind == .table {
        let members = value.members.map {
          "\(String(decoding: $0.name, as: UTF8.self)):\(shown($0.value))"
        }
        return "{" + members.joined(separator: ",") + "}"
      }
      if value.kind == .array {
        return "[" + value.elements.map(shown).joined(separator: ",") + "]"
      }
      return String(decoding: value.document.bytes[value.range], as: UTF8.self)
    }
    return shown(try TOMLDocument(Array(text.utf8)).root)
  }

  private func problem(_ text: String) -> TOMLError? {
    do {
      _ = try TOMLDocument(Array(text.utf8))
      return nil
    } catch {
      return error
    }
  }

  @Test(arguments: [
    ("", "{}"), ("# only\r\n\t\n", "{}"), ("a=1", "{a:1}"),
    ("a . \"b\" . 'c' = 1", "{a:{b:{c:1}}}"),
    ("\"\" = 1\n1.2 = 3", "{:1,1:{2:3}}"),
    ("[a]\n[a.b]\n[c.d]\n[c]\nx=1", "{a:{b:{}},c:{d:{},x:1}}"),
    ("[[a]]\nb=1\n[[a]]\n[a.c]\nd=2\n[[a.e]]\n[[a.e]]", "{a:[{b:1},{c:{d:2},e:[{},{}]}]}"),
    ("a = [ 1, # ]\n\t[2,\n], {} ]", "{a:[1,[2],{}]}"),
    ("a = {b.c = 1, b.d = [\n]}", "{a:{b:{c:1,d:[]}}}"),
    ("a.b = 1\na.c = 2\n[a.d]", "{a:{b:1,c:2,d:{}}}"),
    ("[a.b.c]\n[a]\nb.d = 1", "{a:{b:{c:{},d:1}}}"),
    ("[ a . b ] # x\n[[ c ]]", "{a:{b:{}},c:[{}]}"),
  ])
  func tables(text: String, expected: String) throws {
    #expect(try meaning(text) == expected)
  }

  @Test(arguments: [
    (#""\b\t\n\f\r\"\\\u00e9\U0001F600""#, "\u{8}\t\n\u{c}\r\"\\\u{e9}\u{1F600}"),
    (#"'\n"'"#, #"\n""#), ("\"\"\"\"\"\"", ""), ("\"\"\"a\"\"\"\"", "a\""),
    ("\"\"\"a\"\"\"\"\"", "a\"\""),
    ("\"\"\"\"a\"\"\"", "\"a"), ("'''a''''", "a'"), ("\"\"\"\r\na\r\nb\"\"\"", "a\nb"),
    ("'''\n\na'''", "\na"), ("\"\"\"a\\ \t\r\n \n b\"\"\"", "ab"), ("\"\"\"\\\"\"\"\"", "\""),
    ("\"\"\"\"\"\"\"\"", "\"\""),
  ])
  func strings(text: String, expected: String) throws {
    let value = try TOMLDocument(Array("a = \(text)\n[[hooks]]".utf8)).root["a"]
    #expect(value?.utf8.map { $0.elementsEqual(expected.utf8) } == true)
  }

  @Test(arguments: [
    "0", "-0", "+1_000", "0xDead_beef", "0o17", "0b1_0", "1.5", "-1_0.0_1e+1_0", "1e05", "inf",
    "-nan",
    "1979-05-27", "2000-02-29", "07:32:00.5", "1979-05-27T07:32:00Z", "1979-05-27 07:32:00-07:00",
    "1979-05-27t07:32:00.1234567z",
  ])
  func scalars(text: String) throws {
    #expect(try meaning("a = \(text) # x") == "{a:\(text)}")
  }

  @Test(arguments: [
    "01", "1_", "1__0", "_1", "+0x1", "0x_1", "0xg", "0o8", "0b2", "1.", ".1", "1.e1", "1e", "Inf",
    "True",
    "truex", "1979-13-01", "1900-02-29", "0000-01-01", "1979-05-27T", "1979-05-27 1", "24:00:00",
    "07:60:00",
    "07:32:60", "07:32", "07:32:00Z", "1979-05-27T07:32:00+24:00", "1979-05-27T07:32:00.", "1 2",
    "", "x",
    "\"", "'\n'", "\"\n\"", "\"\"\"a", "'''a''", "\"\\x41\"", "\"\\ud800\"", "\"\\U00110000\"",
    "\"\\u00e\"",
    "\"\u{1}\"", "'\u{7f}'", "\"\"\"\\ x\"\"\"", "\"\"\"a\"\"\"\"\"\"", "\"\"\"\r\"\"\"", "[1 2]",
    "[,]", "[1,,]", "[",
    "{a=1,}", "{\n}", "{a=1\n}", "{", "{a=1 b=2}", "{a=1, a=2}", "{a={}, a.b=1}", "1 #\u{1}",
    "1 \r", "1 # \r",
  ])
  func badValues(text: String) {
    #expect(
      problem("x = 1\na = \(text)")?.place(in: Array("x = 1\na = \(text)".utf8)).line ?? 0 > 1)
  }

  @Test(arguments: [
    "a=1\na=2", "a=1\n\"\\u0061\"=2", "[a]\n[a]", "[a]\n[[a]]", "[[a]]\n[a]", "a=1\n[a]",
    "a=[]\n[[a]]",
    "a={}\n[a.b]", "a={}\na.b=1", "a=[{}]\n[a.b]", "a.b=1\n[a]", "[a.b]\n[a]\nb.c=1",
    "[a.b]\n[[a]]",
    "[[a.b]]\n[[a]]", "[a]\nb.c=1\n[a.b]", "a.b=1\na.b.c=2", "[a]\nb=1\n[a.b.c]",
    "hooks.x=1\n[[hooks]]",
  ])
  func secondMeanings(text: String) {
    #expect(problem(text)?.problem == .secondMeaning)
  }

  @Test(arguments: [
    "a", "a =", "= 1", "a b = 1", "a. = 1", ".a = 1", "\u{e9} = 1", "[]", "[[]]", "[a", "[[a]",
    "[[a] ]", "[ [a]]", "[a] b",
    "[a]]", "\"\"\"a\"\"\" = 1", "\"a\nb\" = 1", "a = 1 b = 2", "\u{feff}a = 1", "\r", "# \u{0}",
    "]",
  ])
  func badStatements(text: String) {
    #expect(problem(text) != nil)
  }

  @Test func limits() {
    let depth = TOMLTree.mostDepth
    func nested(_ count: Int) -> String {
      "a = " + String(repeating: "[", count: count) + String(repeating: "]", count: count)
    }
    #expect(problem(nested(depth)) == nil)
    #expect(problem(nested(depth + 1))?.problem == .tooDeep(depth))
    #expect(problem(nested(100_000))?.problem == .tooDeep(depth))
    let dotted = String(repeating: "a.", count: 100_000) + "a"
    #expect(problem(dotted + " = 1")?.problem == .tooDeep(depth))
    #expect(problem("[\(dotted)]")?.problem == .tooDeep(depth))
    let many = "a = [" + String(repeating: "1,", count: TOMLTree.mostNodes) + "]"
    #expect(problem(many)?.problem == .tooMany(TOMLTree.mostNodes))
    let large = "#" + String(repeating: "x", count: TOMLParser.mostBytes)
    #expect(problem(large)?.problem == .tooLarge(TOMLParser.mostBytes))
    #expect(throws: TOMLError(problem: .notUTF8, offset: 5)) {
      try TOMLDocument(Array("a = '".utf8) + [0x80])
    }
  }

  /// No text traps the reader, and lines are in order and inside the text.
  @Test func anyText() {
    let pieces = [
      "\"", "'", "\"\"\"", "'''", "\\", "\n", "\r\n", "\r", "#", "[", "]", "[[", "]]", "{", "}",
      "hooks", "a", " = ", ".", ",",
      "1", "0x", "1979-05-27", " ", "u00", "e1", "\u{e9}", "true",
    ]
    var random = SystemRandomNumberGenerator()
    for _ in 0..<20_000 {
      let text = (0..<Int.random(in: 0..<16, using: &random))
        .map { _ in pieces[Int.random(in: 0..<pieces.count, using: &random)] }.joined()
      let bytes = Array(text.utf8)
      guard let document = try? TOMLDocument(bytes) else { continue }
      var next = 0
      for statement in document.statements {
        #expect(statement.lines.lowerBound >= next && !statement.lines.isEmpty, "\(text)")
        next = statement.lines.upperBound
      }
      #expect(next <= bytes.count && document.root.says(document.root), "\(text)")
    }
  }

  @Test func sameMeaning() throws {
    func root(_ text: String) throws -> TOMLValue { try TOMLDocument(Array(text.utf8)).root }
    let one = try root("a = 'x'\nb = {c = [1, true]}")
    #expect(one.says(try root("b.c = [ 1,\n true ]\na = \"\\u0078\"")))
    for other in [
      "a='x'\nb={c=[true,1]}", "a='x'\nb={c=[1]}", "a='x'\nb={c=[1,true],d=1}",
      "a=1\nb={c=[1,true]}",
    ] {
      #expect(!one.says(try root(other)), "\(other)")
    }
  }
}
