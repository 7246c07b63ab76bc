/// One thing to say about a policy's text, with its place.
public struct PolicyDiagnostic: Error, Hashable, Sendable {
  /// How bad it is.
  public enum Severity: Hashable, Sendable {
    /// The policy cannot be used.
    case error
    /// The policy can be used but may not mean what its author thinks.
    case warning
  }

  /// How bad it is.
  public let severity: Severity
  /// The line, from 1.
  public let line: Int
  /// The column in bytes, from 1.
  public let column: Int
  /// How many bytes the caret underlines, at least 1.
  public let length: Int
  /// What is wrong and what was expected.
  public let message: String
  /// The file of the line, where it is one that the text includes; `nil` for the text itself.
  public let file: String?
  /// The line itself, made safe for a terminal; of a long one the part around the column.
  public let source: String
  /// How many bytes of the line are left out before `source`.
  let omitted: Int

  /// The diagnostic as a compiler prints it: place, message, line and caret.
  ///
  /// - Parameter name: What the text is called, usually its file; one that it includes has its own name.
  /// - Returns: Three lines without a final newline.
  public func text(name: String) -> String {
    let word = severity == .error ? "error" : "warning"
    var caret = ""
    for byte in source.utf8.prefix(column - 1 - omitted) {
      caret += byte == UInt8(ascii: "\t") ? "\t" : " "
    }
    caret += "^" + String(repeating: "~", count: Swift.max(0, length - 1))
    return "\(file ?? name):\(line):\(column): \(word): \(message)\n  \(source)\n  \(caret)"
  }
}

/// Every error of a policy's text, in the order of its lines.
public struct PolicyError: Error, Hashable, Sendable {
  /// The errors, at least one.
  public let diagnostics: [PolicyDiagnostic]

  /// Makes the error of a text.
  ///
  /// - Parameter diagnostics: What is wrong with it, at least one thing.
  public init(diagnostics: [PolicyDiagnostic]) {
    self.diagnostics = diagnostics
  }
}

extension PolicyError: CustomStringConvertible {
  /// Every diagnostic as a compiler prints it, for a text called `policy`.
  public var description: String {
    diagnostics.map { $0.text(name: "policy") }.joined(separator: "\n")
  }
}

/// A line of a policy's text on its way to becoming a statement; makes diagnostics about itself.
struct PolicyLine {
  /// Longer lines are shown only this far.
  private static let shownLength = 160
  /// How much of a longer line is shown from the column on, at least.
  private static let shownAfter = 40

  let number: Int
  let bytes: ArraySlice<UInt8>
  /// The name of a file that is included; `nil` for the text itself.
  var file: String?

  func diagnostic(
    _ severity: PolicyDiagnostic.Severity, _ span: Range<Int>, _ message: String
  ) -> PolicyDiagnostic {
    let column = span.lowerBound - bytes.startIndex
    let excess = Swift.max(0, bytes.count - Self.shownLength)
    let omitted = Swift.min(excess, Swift.max(0, column - Self.shownLength + Self.shownAfter))
    let part = bytes.dropFirst(omitted).prefix(Self.shownLength)
    let shown = part.map { byte in
      // What a policy file holds must not be able to drive the reader's terminal.
      byte == UInt8(ascii: "\t") || (0x20...0x7e).contains(byte) ? byte : UInt8(ascii: "?")
    }
    let visible = part.endIndex - span.lowerBound
    return PolicyDiagnostic(
      severity: severity, line: number, column: column + 1,
      length: Swift.max(1, Swift.min(span.count, visible)),
      message: message, file: file, source: String(decoding: shown, as: UTF8.self), omitted: omitted
    )
  }
}
