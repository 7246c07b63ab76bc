import BPFAssembler
import Glibc
import Testing

@testable import nonet

/// Bytes that nobody meant as JSON, values with a few bytes changed, and edits anywhere.
@Suite struct JSONFuzzTests {
  /// `make fuzz` sets the environment's NONET_FUZZ_CASES to a million.
  private static let inputs = getenv("NONET_FUZZ_CASES").flatMap { Int(String(cString: $0)) }
  private static let sources = acceptedJSON.map { Array($0.utf8) }
  private static let comments = JSONOptions(acceptsComments: true)
  private static let tokens = [
    "{", "}", "[", "]", ",", ":", "\"", "\"a\":", "\\", "\\u", "d83d", "0", "-", "1.5e3", "true",
    "null", "//", "/*", "*/", "\n",
    " ", "\u{0}", "é", "\u{1f600}",
  ]

  @Test func noBytesTrapTheParser() {
    var random = Seeded(61)
    var accepted = 0
    let count = Self.inputs ?? 8_000
    for round in 0..<count {
      let text =
        switch round % 4 {
        case 0: (0..<random.up(to: 40)).map { _ in UInt8.random(in: 0 ... .max, using: &random) }
        case 1: (0..<random.up(to: 20)).flatMap { _ in Array(random.pick(Self.tokens).utf8) }
        default: mutation(&random)
        }
      let options = random.once(in: 2) ? Self.comments : JSONOptions()
      guard let document = read(text, options) else { continue }
      accepted += 1
      #expect(document.bytes == text)
      let compact = document.root.compact
      guard let again = read(compact, JSONOptions()) else {
        Issue.record("\(text) was not read back")
        continue
      }
      #expect(again.root.compact == compact && same(again.root, document.root), "\(text)")
      for node in document.nodes.indices {
        _ = JSONValue(document: document, index: node).text
      }
    }
    #expect(accepted > count / 20 && accepted < count, "\(random.testDescription)")
  }

  @Test func editsChangeOneThingOnly() throws {
    var random = Seeded(62)
    for _ in 0..<(Self.inputs ?? 8_000) / 4 {
      let text = random.laidOut(depth: 0)
      let document = try JSONDocument(Array(text.utf8), Self.comments)
      let containers = document.nodes.indices.filter {
        document.nodes[$0].kind == .object || document.nodes[$0].kind == .array
      }
      guard let index = containers.randomElement(using: &random) else { continue }
      let container = JSONValue(document: document, index: index)
      let isObject = container.kind == .object
      let before = children(container)
      let added =
        isObject
        ? try document.setting("new", of: container, to: "[7, {}]")
        : try document.appending("[7, {}]", to: container)
      let new = (isObject ? "\"new\":" : "") + "[7,{}]"
      let context = "\(text)\n\(random.testDescription)"
      #expect(children(JSONValue(document: added, index: index)) == before + [new], "\(context)")
      #expect(comments(added.bytes) == comments(document.bytes), "\(context)")
      guard !before.isEmpty else { continue }
      let victim = random.up(to: before.count - 1)
      let removed = try document.removing(victim, of: container)
      var rest = before
      rest.remove(at: victim)
      #expect(children(JSONValue(document: removed, index: index)) == rest, "\(context)")
      // Adding and removing again is no change of values.
      let undone = try added.removing(before.count, of: JSONValue(document: added, index: index))
      #expect(undone.root.compact == document.root.compact, "\(context)")
    }
  }

  private func read(_ bytes: [UInt8], _ options: JSONOptions) -> JSONDocument? {
    do throws(JSONError) {
      return try JSONDocument(bytes, options)
    } catch {
      if error.offset < 0 || error.offset > bytes.count { Issue.record("\(bytes): \(error)") }
      return nil
    }
  }

  private func same(_ one: JSONValue, _ other: JSONValue) -> Bool {
    one.kind == other.kind && one.document.nodes.count == other.document.nodes.count
      && one.document.nodes.indices.allSatisfy { index in
        let (a, b) = (
          JSONValue(document: one.document, index: index),
          JSONValue(document: other.document, index: index)
        )
        return a.kind == b.kind
          && (a.kind == .object || a.kind == .array || a.source.elementsEqual(b.source))
      }
  }

  private func children(_ value: JSONValue) -> [String] {
    let texts = value.members.map { Array($0.name.source) + [UInt8(ascii: ":")] + $0.value.compact }
    return (texts + value.elements.map { $0.compact }).map { String(decoding: $0, as: UTF8.self) }
  }

  /// How many comments of the generator's text there are.
  private func comments(_ bytes: [UInt8]) -> Int { bytes.count { $0 == UInt8(ascii: "#") } }

  private func mutation(_ random: inout Seeded) -> [UInt8] {
    var text = random.once(in: 3) ? Array(random.laidOut(depth: 0).utf8) : random.pick(Self.sources)
    for _ in 0..<random.up(to: 2) where !text.isEmpty {
      let place = random.up(to: text.count - 1)
      switch random.up(to: 3) {
      case 0: text[place] = UInt8.random(in: 0 ... .max, using: &random)
      case 1: text.insert(contentsOf: random.pick(Self.tokens).utf8, at: place)
      case 2: text.remove(at: place)
      default: text.removeSubrange(place...)
      }
    }
    return text
  }
}

extension Seeded {
  fileprivate mutating func up(to most: Int) -> Int { Int.random(in: 0...most, using: &self) }

  /// Blanks as people and programs leave them; a comment has one `#`.
  fileprivate mutating func blank() -> String {
    pick(["", "", "", " ", "\n", "\n  ", "\r\n\t", " // #,\n", "/* # */", " // #\n // #]\n"])
  }

  /// A value with blanks and comments anywhere.
  fileprivate mutating func laidOut(depth: Int) -> String {
    let count = depth > 3 ? 0 : up(to: 3)
    switch up(to: 3) {
    case 0 where depth > 0:
      return pick(acceptedJSON.filter { !$0.contains { " \t\r\n".contains($0) } })
    case 0, 1:
      let names = ["\"a\"", "\"b\"", "\"\\u0061\"", "\"a\""]
      let members = (0..<count).map {
        names[$0] + blank() + ":" + blank() + laidOut(depth: depth + 1)
      }
      return "{" + joined(members) + "}"
    default:
      return "[" + joined((0..<count).map { _ in laidOut(depth: depth + 1) }) + "]"
    }
  }

  private mutating func joined(_ parts: [String]) -> String {
    guard let first = parts.first else { return blank() }
    return blank() + parts.dropFirst().reduce(first) { $0 + blank() + "," + blank() + $1 } + blank()
  }
}
