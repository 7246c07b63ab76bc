import BPFAssembler
import Testing

@Suite struct JSONTests {
  private static let oddNames = [
    "a \"quoted\" name", "back\\slash\\", "tab\tand\nnewline", "\u{1}\u{1f}\u{7f}",
    "caf\u{e9} \u{1f512}", "</script>", "%s%n", "", "e\u{301}\"", "\\u0041",
  ]

  private func parsed(_ compiled: CompiledPolicy, _ names: PolicyNames) throws -> JSON {
    try JSON(Dump([compiled], names).bytes(.json))
  }

  @Test(arguments: knownPrograms)
  func theDumpHoldsTheProgram(_ policy: KnownPolicy, _ native: Architecture) throws {
    let compiled = try policy.compiled(for: native)
    let names = try policy.names()
    let object = try #require(try parsed(compiled, names).elements.first)
    #expect(object["policy"]?.text == names.policy && object["arch"]?.text == native.name)
    #expect(object["errno"]?.text == "EACCES")
    let raw = (object["instructions"]?.elements ?? []).map { instruction in
      ["code", "jt", "jf", "k"].map { instruction[$0]?.number }
    }
    let expected = compiled.program.rawInstructions.map { raw in
      [Int(raw.code), Int(raw.jt), Int(raw.jf), Int(raw.k)]
    }
    #expect(raw == expected)
    let rules = object["rules"]?.elements ?? []
    #expect(rules.map { $0["text"]?.text } == compiled.policy.rules.map { $0.description })
    #expect(rules.map { $0["place"]?.text } == names.places)
    #expect(rules.map { $0["number"]?.number } == Array(1...rules.count))
  }

  @Test(arguments: oddNames)
  func oddNamesAreEscaped(_ name: String) throws {
    let compiled = try CompiledPolicy(try policy("deny socket"), for: .x86_64)
    let names = PolicyNames(policy: name, places: [name])
    let object = try #require(try parsed(compiled, names).elements.first)
    #expect(object["policy"]?.text == name)
    #expect(object["rules"]?.elements.first?["place"]?.text == name)
    #expect(try JSON(Array(Explanation(compiled, names).json.utf8))["policy"]?.text == name)
  }

  /// A name with a newline, or with the end of a comment, must not turn into code.
  @Test(arguments: oddNames + ["*/ int x; /*", "x\nret #0", "\u{1b}[2J", "a\r\n; b"])
  func oddNamesStayInTheirComments(_ name: String) throws {
    let compiled = try CompiledPolicy(try policy("deny socket"), for: .x86_64)
    func lines(_ format: DumpFormat, _ name: String) -> [String] {
      let bytes = Dump([compiled], PolicyNames(policy: name, places: [name])).bytes(format)
      // By bytes: CR LF is one Character.
      return bytes.split(separator: 0x0a).map { String(decoding: $0, as: UTF8.self) }
    }
    for format in [.listing, .c] as [DumpFormat] {
      let (odd, plain) = (lines(format, name), lines(format, "x"))
      #expect(odd.count == plain.count)
      let bytes = odd.joined().utf8
      #expect(bytes.allSatisfy { $0 >= 0x20 && $0 != 0x7f })
      #expect(odd[0].hasPrefix(format == .c ? "/* " : "; "))
      if format == .c { #expect(odd[0].hasSuffix(" */") && !odd[0].dropLast(2).contains("*/")) }
    }
    #expect(lines(.bpfAsm, name) == lines(.bpfAsm, "x") && lines(.dot, name) == lines(.dot, "x"))
  }

  @Test func theReaderItselfIsStrict() {
    for text in [
      "", "{", "[1,]", "{\"a\":1,}", "{\"a\":1 \"b\":2}", "\"\n\"", "\"\\x\"", "[1] 2", "nul",
      "{\"a\":1,\"a\":2}", "\"\\u00\"", "\"", "[1 2]", "{1:2}",
    ] {
      #expect(throws: JSON.Fault.self, "\(text)") { try JSON(Array(text.utf8)) }
    }
  }
}
