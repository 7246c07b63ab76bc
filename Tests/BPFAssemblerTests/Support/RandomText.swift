import BPFAssembler

/// Texts that nobody meant as a policy, and policies with a few bytes changed.
struct RandomText {
  private var random: Seeded

  private static let words = [
    "default", "allow", "deny", "kill", "log", "foreign", "compile", "x32", "unknown", "with",
    "layers", "network",
    "if", "unless", "and", "or", "not", "in", "{", "}", "(", ")", ",", "&", "==", "!=", "<", "<=",
    ">", ">=", "=", "!", "#", "\n", "\r\n", "\t", " ", "@network", "@", "socket", "read", "ioctl",
    "domain", "type", "arg0", "arg5:32", "arg9", "0", "1", "0x", "08", "18446744073709551616",
    "AF_INET", "NULL", "EPERM", "4096", "\u{e9}", "\u{0}", "\u{7f}",
  ]

  private static let sources: [[UInt8]] = {
    var generator = PolicyGenerator(Seeded(13))
    return KnownPolicy.all.map { $0.text }
      + (0..<40).map { Array(generator.policy(rules: $0 % 9).text.utf8) }
  }()

  init(_ random: Seeded) {
    self.random = random
  }

  /// The next text.
  mutating func text() -> [UInt8] {
    switch Int.random(in: 0..<4, using: &random) {
    case 0: noise()
    case 1: words()
    default: mutation(of: random.pick(Self.sources))
    }
  }

  private mutating func noise() -> [UInt8] {
    (0..<Int.random(in: 0...60, using: &random)).map { _ in
      UInt8.random(in: 0 ... .max, using: &random)
    }
  }

  private mutating func words() -> [UInt8] {
    var text = random.once(in: 2) ? Array("default allow\ndeny socket if ".utf8) : []
    for _ in 0..<Int.random(in: 0...20, using: &random) {
      text += Array((random.pick(Self.words) + random.pick(["", " ", " "])).utf8)
    }
    return text
  }

  private mutating func mutation(of source: [UInt8]) -> [UInt8] {
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

extension RandomText {
  /// What came of a text.
  enum Result: Equatable {
    /// A policy, which survives its own printing.
    case accepted
    /// Errors, each of which has a place and words.
    case refused
    /// Neither.
    case fault(String)
  }

  /// Parses a text.
  static func result(of text: [UInt8]) -> Result {
    do throws(PolicyError) {
      let parsed = try Policy.parse(text)
      let again = try Policy.parse(Array(parsed.policy.text.utf8))
      let isSame =
        again.policy == parsed.policy && parsed.policy.rules.allSatisfy { $0.place?.line != nil }
      return isSame ? .accepted : .fault("\(text) was not read back")
    } catch {
      let isPlaced = error.diagnostics.allSatisfy { diagnostic in
        diagnostic.line > 0 && diagnostic.column > 0 && !diagnostic.message.isEmpty
          && diagnostic.text(name: "x").utf8.allSatisfy { (9...10).contains($0) || $0 >= 0x20 }
      }
      return isPlaced && !error.diagnostics.isEmpty ? .refused : .fault("\(text): \(error)")
    }
  }
}
