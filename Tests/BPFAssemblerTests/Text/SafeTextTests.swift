import BPFAssembler
import Testing

/// The generated table against the properties that Swift's own tables have.
@Suite struct SafeTextTests {
  private static func hides(_ scalar: Unicode.Scalar) -> Bool {
    let properties = scalar.properties
    switch properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate: return true
    case _:
      return properties.isDefaultIgnorableCodePoint || properties.isBidiControl
        || properties.isNoncharacterCodePoint
    }
  }

  /// Both tables may be of different versions of Unicode, which only give new characters.
  @Test func everyCharacter() {
    var different: [UInt32] = []
    var count = 0
    for code in UInt32(0)...0x10_ffff {
      guard let scalar = Unicode.Scalar(code) else { continue }
      if scalar.isHidden { count += 1 }
      if scalar.isHidden != Self.hides(scalar) { different.append(code) }
    }
    #expect(different.count < 40, "\(different)")
    let old = different.filter { code in
      guard let age = Unicode.Scalar(code)?.properties.age else { return false }
      return age.major < 15
    }
    #expect(old.isEmpty, "\(old)")
    #expect(count > 4000 && count < 5000)
  }

  @Test(arguments: [
    ("", ""), ("plain é 漢 😀\n", "plain é 漢 😀?"), ("a\u{202e}b\u{9b}c\u{e0041}", "a?b?c?"),
    ("\u{115f}\u{3164}\u{fe0f}\u{ad}", "????"),
  ])
  func shown(text: String, expected: String) {
    #expect(SafeText.shown(text.utf8) == expected)
  }

  @Test func linesThatStay() {
    let text = "a\n\tb\r\u{2028}c"
    #expect(SafeText.shown(text.utf8) == "a??b??c")
    #expect(SafeText.shown(text.utf8, keepsLines: true) == "a\n\tb??c")
    #expect(SafeText.shown([0x61, 0xff, 0xc2]) == "a\u{fffd}\u{fffd}")
  }

  /// Different bytes never look the same: what is written can be read back.
  @Test func escapesAreExact() {
    var generator = SystemRandomNumberGenerator()
    for _ in 0..<2000 {
      let bytes = (0..<Int.random(in: 0...12)).map { _ in
        UInt8.random(in: 0...255, using: &generator)
      }
      var read: [UInt8] = []
      var rest = SafeText.escaped(bytes)[...]
      while let byte = rest.popFirst() {
        guard byte == UInt8(ascii: "\\") else {
          read.append(byte)
          continue
        }
        let digits = String(decoding: rest.dropFirst().prefix(2), as: UTF8.self)
        read.append(UInt8(digits, radix: 16) ?? 0)
        rest = rest.dropFirst(3)
      }
      #expect(read == bytes)
    }
  }
}
