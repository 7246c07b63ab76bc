extension JSONValue {
  /// Whether this is a string that is a name to programs in Go, whose encoding/json regards no case.
  ///
  /// Two characters beside ASCII have a capital or small letter that is ASCII; these are as good there.
  func spellsInAnyCase(_ name: String) -> Bool {
    utf8.map { Self.folded($0) == Self.folded(Array(name.utf8)) } ?? false
  }

  private static func folded(_ name: [UInt8]) -> [UInt8] {
    var folded: [UInt8] = []
    var rest = name[...]
    while let byte = rest.first {
      if rest.starts(with: "\u{17F}".utf8) {
        folded.append(UInt8(ascii: "s"))
        rest = rest.dropFirst(2)
      } else if rest.starts(with: "\u{212A}".utf8) {
        folded.append(UInt8(ascii: "k"))
        rest = rest.dropFirst(3)
      } else {
        folded.append(byte.lowercased)
        rest = rest.dropFirst()
      }
    }
    return folded
  }
}
