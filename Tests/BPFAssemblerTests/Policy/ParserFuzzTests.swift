import BPFAssembler
import Glibc
import Testing

/// Bytes that nobody meant as a policy, and policies with a few bytes changed.
@Suite struct ParserFuzzTests {
  /// `make fuzz` sets the environment's NONET_FUZZ_INPUTS to a million.
  private static let inputs = getenv("NONET_FUZZ_INPUTS").flatMap { Int(String(cString: $0)) }

  private static let words = [
    "default", "allow", "deny", "kill", "log", "foreign", "compile", "x32", "unknown", "with",
    "if", "unless", "and", "or", "not", "in", "{", "}", "(", ")", ",", "&", "==", "!=", "<", "<=",
    ">", ">=", "=", "!", "#", "\n", "\r\n", "\t", " ", "@network", "@", "socket", "read", "ioctl",
    "domain", "type", "arg0", "arg5:32", "arg9", "0", "1", "0x", "08", "18446744073709551616",
    "AF_INET", "NULL", "EPERM", "4096", "\u{e9}", "\u{0}", "\u{7f}",
  ]

  @Test func noBytesTrapTheParser() throws {
    var random = Seeded(12)
    var generator = PolicyGenerator(Seeded(13))
    var sources = KnownPolicy.all.map { $0.text }
    for count in 0..<40 { sources.append(Array(generator.policy(rules: count % 9).text.utf8)) }
    let count = Self.inputs ?? 20_000
    let start = ContinuousClock.now
    var accepted = 0
    for round in 0..<count {
      let text =
        switch round % 4 {
        case 0: noise(&random)
        case 1: words(&random)
        default: mutation(of: random.pick(sources), &random)
        }
      if try isRead(text) { accepted += 1 }
    }
    print("\(count) texts, \(accepted) of them policies, in \(ContinuousClock.now - start)")
    #expect(accepted > 0 && accepted < count, "\(random.testDescription)")
  }

  /// Parses; what is accepted must survive its own printing, what is not must have a place.
  private func isRead(_ text: [UInt8]) throws -> Bool {
    do throws(PolicyError) {
      let parsed = try Policy.parse(text)
      #expect(parsed.ruleLines.count == parsed.policy.rules.count)
      let again = try Policy.parse(Array(parsed.policy.text.utf8))
      if again.policy != parsed.policy { Issue.record("\(text) was not read back") }
      return true
    } catch {
      let isPlaced = error.diagnostics.allSatisfy { diagnostic in
        diagnostic.line > 0 && diagnostic.column > 0 && !diagnostic.message.isEmpty
          && diagnostic.text(name: "x").utf8.allSatisfy { (9...10).contains($0) || $0 >= 0x20 }
      }
      if error.diagnostics.isEmpty || !isPlaced { Issue.record("\(text): \(error)") }
      return false
    }
  }

  private func noise(_ random: inout Seeded) -> [UInt8] {
    (0..<Int.random(in: 0...60, using: &random)).map { _ in
      UInt8.random(in: 0 ... .max, using: &random)
    }
  }

  private func words(_ random: inout Seeded) -> [UInt8] {
    var text = random.once(in: 2) ? Array("default allow\ndeny socket if ".utf8) : []
    for _ in 0..<Int.random(in: 0...20, using: &random) {
      text += Array((random.pick(Self.words) + random.pick(["", " ", " "])).utf8)
    }
    return text
  }

  private func mutation(of source: [UInt8], _ random: inout Seeded) -> [UInt8] {
    // One line is enough, and quicker than the whole.
    var text = Array("default allow\n".utf8)
    text += random.pick(source.split(separator: UInt8(ascii: "\n")))
    for _ in 0..<Int.random(in: 0...2, using: &random) {
      let place = Int.random(in: 0..<text.count, using: &random)
      switch Int.random(in: 0..<5, using: &random) {
      case 0: text[place] = UInt8.random(in: 0 ... .max, using: &random)
      case 1: text[place] ^= 1 << UInt8.random(in: 0...6, using: &random)
      case 2: text.insert(contentsOf: random.pick(Self.words).utf8, at: place)
      case 3 where text.count > 8: text.removeSubrange(place..<min(text.count, place + 3))
      default: text.insert(contentsOf: text[place...].prefix(20), at: place)
      }
    }
    return text
  }
}
