internal import BPFAssembler

/// Writes HTML in which only literals of this program are markup.
///
/// `markup` takes nothing but a `StaticString`, so text that somebody else chose can come in only
/// through `text`, which is right in elements, in quoted attributes and in SVG alike. No such text
/// is ever written into the script or the style sheet.
struct HTMLWriter {
  private(set) var bytes: [UInt8] = []

  /// Writes a part of the page that is ours.
  mutating func markup(_ literal: StaticString) {
    bytes.append(
      contentsOf: UnsafeBufferPointer(start: literal.utf8Start, count: literal.utf8CodeUnitCount))
  }

  /// Writes a number, without separators.
  mutating func number(_ number: Int) { bytes.append(contentsOf: "\(number)".utf8) }

  /// Writes a number for people, in groups of three digits.
  mutating func count(_ number: Int) {
    let digits = Array("\(number)".utf8)
    for (index, digit) in digits.enumerated() {
      if index > 0, (digits.count - index) % 3 == 0 { text("\u{2009}") }
      bytes.append(digit)
    }
  }

  /// Writes a file that was embedded at build time.
  mutating func resource(_ resource: ArraySlice<UInt8>) { bytes.append(contentsOf: resource) }

  /// Writes text that may be anything.
  ///
  /// Hidden characters appear as `\u{202e}`.
  ///
  /// - Parameters:
  ///   - text: What anybody may have chosen.
  ///   - most: How many characters are shown; what is longer says so.
  ///   - keepsLines: Whether a newline stays one, where the page has room for lines.
  mutating func text(_ text: String, most: Int = 240, keepsLines: Bool = false) {
    var shown = 0
    for scalar in text.unicodeScalars {
      guard shown < most else {
        bytes.append(contentsOf: "…".utf8)
        if most >= 80 { bytes.append(contentsOf: " (\(text.utf8.count) bytes)".utf8) }
        return
      }
      shown += 1
      if keepsLines, scalar == "\n" { markup("\n") } else { append(scalar) }
    }
  }

  private mutating func append(_ scalar: Unicode.Scalar) {
    switch scalar {
    case "&": markup("&amp;")
    case "<": markup("&lt;")
    case ">": markup("&gt;")
    case "\"": markup("&quot;")
    case "'": markup("&#39;")
    case "\n": markup("\\n")
    case "\t": markup("\\t")
    case _ where scalar.isHidden:
      bytes.append(contentsOf: "\\u{\(String(scalar.value, radix: 16))}".utf8)
    case _: bytes.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
    }
  }
}
