import BPFAssembler
import Testing

@testable import nonet

@Suite struct JSONValueTests {
  private func root(_ text: String) throws -> JSONValue { try JSONDocument(Array(text.utf8)).root }

  @Test func membersKeepTheirOrderAndDuplicates() throws {
    let root = try root(#"{"b": [1, {"x": 2}], "a": 1.50, "b": "last", "\u0063": true}"#)
    #expect(root.members.map { $0.name.text } == ["b", "a", "b", "c"])
    #expect(root["b"]?.text == "last")
    #expect(root["c"]?.bool == true)
    #expect(root["d"] == nil)
    #expect(root["a"].map { String(decoding: $0.source, as: UTF8.self) } == "1.50")
    #expect(root.members.first?.value.elements.last?["x"]?.integer == 2)
    #expect(root.elements.isEmpty && root.text == nil && root["a"]?["x"] == nil)
  }

  @Test(arguments: [
    ("0", 0), ("-0", 0), ("7", 7), ("-12", -12), ("9223372036854775807", Int.max),
    ("-9223372036854775808", Int.min), ("9223372036854775808", nil), ("1.0", nil), ("1e2", nil),
    ("\"1\"", nil), ("null", nil),
  ])
  func wholeNumbers(text: String, number: Int?) throws {
    #expect(try root(text).integer == number)
  }

  @Test func everyCharacterSurvivesBothWaysOfWritingIt() throws {
    var codes =
      Array(UInt32(0)...0x2ff) + [0x7ff, 0x800, 0x2028, 0xd7ff, 0xe000, 0xfeff, 0xfffd, 0xffff]
    codes += [0x1_0000, 0x1_f600, 0x10_ffff]
    for scalar in codes.compactMap(Unicode.Scalar.init) {
      let text = String(scalar)
      #expect(try root(JSONText.string(text)).utf8 == Array(text.utf8))
      let escapes = text.utf16.map { unit in
        let digits = String(unit, radix: 16)
        return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      }
      #expect(try root("\"\(escapes.joined())\"").utf8 == Array(text.utf8))
    }
    #expect(try root(#""\"\\\/\b\f\n\r\t""#).utf8 == Array("\"\\/\u{8}\u{c}\n\r\t".utf8))
  }

  @Test(arguments: [
    (#""\ud800""#, "\u{fffd}"), (#""a\udc00b""#, "a\u{fffd}b"),
    (#""\ud800\ud800\udc00""#, "\u{fffd}\u{10000}"),
    (#""\ud83d\n""#, "\u{fffd}\n"), (#""\udc00\ud800""#, "\u{fffd}\u{fffd}"),
    (#""\ud800\u0041""#, "\u{fffd}A"),
  ])
  func halvesOfPairsAreShownAndHaveNoBytes(text: String, shown: String) throws {
    let value = try root(text)
    #expect(value.utf8 == nil)
    #expect(value.text == shown)
    #expect(String(decoding: value.source, as: UTF8.self) == text)
    #expect(!value.spells(shown))
  }

  @Test func layouts() throws {
    let value = try root(#"{"a":[1,{"b":[]},{}],"c":"x"}"#)
    var layout = JSONLayout.compact
    layout.newline = [0x0a]
    layout.unit = [0x20, 0x20]
    layout.colon = Array(": ".utf8)
    let written = String(decoding: value.written(layout, after: [0x09]), as: UTF8.self)
    let expected = """
      {
      \t  "a": [
      \t    1,
      \t    {
      \t      "b": []
      \t    },
      \t    {}
      \t  ],
      \t  "c": "x"
      \t}
      """
    #expect(written == expected)
    #expect(try JSONDocument(Array(written.utf8)).root.compact == value.document.bytes)
  }
}
