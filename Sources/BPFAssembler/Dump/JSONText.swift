/// JSON as text, built from the inside out; members keep their order.
package enum JSONText {
  package static func object(_ members: [(String, String)]) -> String {
    "{" + members.map { "\(string($0.0)): \($0.1)" }.joined(separator: ", ") + "}"
  }

  package static func array(_ elements: [String]) -> String {
    "[" + elements.joined(separator: ", ") + "]"
  }

  /// An array with one element a line.
  package static func lines(_ elements: [String]) -> String {
    elements.isEmpty ? "[]" : "[\n  " + elements.joined(separator: ",\n  ") + "\n]"
  }

  /// A string with everything escaped that JSON (RFC 8259, section 7) wants escaped, and what is hidden:
  /// it means the same, and may be shown on a terminal.
  package static func string(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case _ where scalar.isHidden:
        for unit in UTF16.encode(scalar) ?? UTF16.encodedReplacementCharacter {
          result += "\\u" + unit.hex(4)
        }
      case _: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
