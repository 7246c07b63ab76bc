import Testing

@testable import nonet

@Suite struct JSONGrammarTests {
  @Test(arguments: acceptedJSON)
  func whatTheGrammarHasIsTakenAndKept(text: String) throws {
    let document = try JSONDocument(Array(text.utf8))
    #expect(document.bytes == Array(text.utf8))
    let blanks: Set<Character> = [" ", "\t", "\r", "\n", "\r\n"]
    #expect(String(decoding: document.root.source, as: UTF8.self) == text.trimmed(of: blanks))
    // Written anew it is the same text but for its blanks, and stays that.
    let compact = try JSONDocument(document.root.compact)
    #expect(compact.root.compact == compact.bytes)
    #expect(compact.nodes.map { $0.kind } == document.nodes.map { $0.kind })
  }

  @Test(arguments: refusedJSON)
  func whatTheGrammarLacksIsRefusedWithItsPlace(text: String, offset: Int) {
    #expect(fault(Array(text.utf8))?.offset == offset, "\(text)")
  }

  @Test(arguments: malformedUTF8)
  func whatIsNoUTF8IsRefused(bytes: [UInt8], offset: Int) {
    let quote = UInt8(ascii: "\"")
    #expect(fault([quote] + bytes + [quote]) == JSONError(problem: .notUTF8, offset: offset))
    #expect(fault([quote] + bytes)?.problem == .notUTF8)
  }

  @Test func faultsSayWhatWasExpected() {
    let said: [(String, String)] = [
      ("[1,]", "byte 3: expected a value"), (#"{"a" 1}"#, "byte 5: expected ':'"),
      ("[1}", "byte 2: expected ',' or ']'"), (#"{"a":1]"#, "byte 6: expected ',' or '}'"),
      ("{a:1}", "byte 1: expected a name in quotation marks"),
      ("1 2", "byte 2: expected nothing more after the value"),
      ("\"a", "byte 0: expected the '\"' that ends the string"),
    ]
    for (text, words) in said { #expect(fault(Array(text.utf8))?.description == words) }
    let text = Array("{\n  \"a\": 1,\n  \"b\": x\n}\n".utf8)
    #expect(fault(text)?.place(in: text).line == 3)
    #expect(fault(text)?.place(in: text).column == 8)
    #expect(JSONError(problem: .expectedEnd, offset: 99).place(in: []).line == 1)
  }

  @Test(arguments: [
    ("// a\n1", "1"), ("/* a */ 1 /* b */ // c", "1"), ("[1, // one\n 2 /* two */]", "[1,2]"),
    ("{\"a\" /* x */ : /* y */ 1 /*,*/}//", "{\"a\":1}"), ("/***/1", "1"), ("//\r1", "1"),
    ("[\"//\", \"/* \"]", "[\"//\",\"/* \"]"),
  ])
  func commentsAreBlanksWhereTheyAreAskedFor(text: String, compact: String) throws {
    let document = try JSONDocument(Array(text.utf8), JSONOptions(acceptsComments: true))
    #expect(String(decoding: document.root.compact, as: UTF8.self) == compact)
    if text.first != "[" || text.contains("one") { #expect(fault(Array(text.utf8)) != nil) }
  }

  @Test(arguments: [
    ("/* a", 0), ("1 /*/", 2), ("1 /", 2), ("[1, / 2]", 4), ("/* a */", 7), ("1 // a\n2", 7),
  ])
  func commentsThatAreNone(text: String, offset: Int) {
    let options = JSONOptions(acceptsComments: true)
    #expect(fault(Array(text.utf8), options)?.offset == offset)
  }

  @Test func limits() throws {
    func nested(_ depth: Int) -> [UInt8] {
      [UInt8](repeating: UInt8(ascii: "["), count: depth)
        + [UInt8](repeating: UInt8(ascii: "]"), count: depth)
    }
    let options = JSONOptions(mostBytes: 300, mostDepth: 100, mostValues: 120)
    #expect(fault(nested(99), options) == nil)
    #expect(fault(nested(100), options) == nil)
    #expect(fault(nested(101), options) == JSONError(problem: .tooDeep(100), offset: 100))
    func sized(_ size: Int) -> [UInt8] {
      Array("1".utf8) + [UInt8](repeating: 0x20, count: size - 1)
    }
    #expect(fault(sized(299), options) == nil)
    #expect(fault(sized(300), options) == nil)
    #expect(fault(sized(301), options)?.problem == .tooLarge(300))
    func many(_ count: Int) -> [UInt8] {
      Array(("[" + [String](repeating: "1", count: count - 1).joined(separator: ",") + "]").utf8)
    }
    #expect(fault(many(119), options) == nil)
    #expect(fault(many(120), options) == nil)
    #expect(fault(many(121), options)?.problem == .tooMany(120))
  }

  @Test func aMillionOpenBracketsAreOneFault() {
    let text = [UInt8](repeating: UInt8(ascii: "["), count: 1_000_000)
    #expect(fault(text)?.problem == .tooDeep(128))
  }

  private func fault(_ bytes: [UInt8], _ options: JSONOptions = JSONOptions()) -> JSONError? {
    do throws(JSONError) {
      _ = try JSONDocument(bytes, options)
      return nil
    } catch {
      return error
    }
  }
}

extension String {
  /// The text without such characters at its ends.
  fileprivate func trimmed(of characters: Set<Character>) -> String {
    let head = drop { characters.contains($0) }
    return String(head.reversed().drop { characters.contains($0) }.reversed())
  }
}
