import BPFAssembler
import Testing

@Suite struct JSONTests {
  private static let oddNames = [
    "a \"quoted\" name", "back\\slash\\", "tab\tand\nnewline", "\u{1}\u{1f}\u{7f}",
    "caf\u{e9} \u{1f512}", "</script>", "%s%n", "", "e\u{301}\"", "\\u0041",
  ]

  private func parsed(_ compiled: CompiledPolicy, name: String) throws -> JSON {
    try JSON(Dump([compiled], name: name).bytes(.json))
  }

  @Test(arguments: knownPrograms)
  func theDumpHoldsTheProgram(_ policy: KnownPolicy, _ native: Architecture) throws {
    let compiled = try policy.compiled(for: native)
    let object = try #require(try parsed(compiled, name: policy.title).elements.first)
    #expect(object["policy"]?.text == policy.title && object["arch"]?.text == native.name)
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
    #expect(rules.map { $0["place"]?.text } == compiled.policy.rules.map { $0.place?.description })
    #expect(rules.map { $0["number"]?.number } == Array(1...rules.count))
  }

  @Test(arguments: oddNames)
  func oddNamesAreEscaped(_ name: String) throws {
    let compiled = try CompiledPolicy(try Self.policy(ruleAt: name), for: .x86_64)
    let object = try #require(try parsed(compiled, name: name).elements.first)
    #expect(object["policy"]?.text == name)
    #expect(object["rules"]?.elements.first?["place"]?.text == name)
    #expect(try JSON(Array(Explanation(compiled, name: name).json.utf8))["policy"]?.text == name)
  }

  private static func policy(ruleAt place: String) throws -> Policy {
    let socket = try syscall("socket")
    return Policy(
      defaultVerdict: .allow, rules: [Policy.Rule(.deny(nil), [socket], at: Policy.Place(place))])
  }

  /// A name with a newline, or with the end of a comment, must not turn into code.
  @Test(arguments: oddNames + ["*/ int x; /*", "x\nret #0", "\u{1b}[2J", "a\r\n; b"])
  func oddNamesStayInTheirComments(_ name: String) throws {
    func lines(_ format: Dump.Format, _ name: String) throws -> [String] {
      let compiled = try CompiledPolicy(try Self.policy(ruleAt: name), for: .x86_64)
      let bytes = Dump([compiled], name: name).bytes(format)
      // By bytes: CR LF is one Character.
      return bytes.split(separator: 0x0a).map { String(decoding: $0, as: UTF8.self) }
    }
    for format in [.listing, .c] as [Dump.Format] {
      let (odd, plain) = (try lines(format, name), try lines(format, "x"))
      #expect(odd.count == plain.count)
      let bytes = odd.joined().utf8
      #expect(bytes.allSatisfy { $0 >= 0x20 && $0 != 0x7f })
      #expect(odd[0].hasPrefix(format == .c ? "/* " : "; "))
      if format == .c { #expect(odd[0].hasSuffix(" */") && !odd[0].dropLast(2).contains("*/")) }
    }
    for format in [.bpfAsm, .dot] as [Dump.Format] {
      #expect(try lines(format, name) == lines(format, "x"))
    }
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
