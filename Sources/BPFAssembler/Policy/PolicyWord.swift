/// A word of a policy that means something to the program that uses the policy, and nothing to the language.
///
/// The lines `layers` and `network` are made of such words. They say what is applied besides the filter,
/// which this library knows nothing of.
package struct PolicyWord: Sendable {
  /// The word.
  package let text: String
  let line: PolicyLine
  let span: Range<Int>

  /// Says that the word is wrong, with its place.
  ///
  /// - Parameter message: What is wrong and what was expected.
  /// - Returns: An error like those of the parser.
  package func error(_ message: String) -> PolicyDiagnostic {
    line.diagnostic(.error, span, message)
  }
}
