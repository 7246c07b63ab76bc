/// A rule with the line that it was read from, for messages that point into it.
struct LocatedRule {
  let rule: Policy.Rule
  let line: PolicyLine
  /// Where each of `rule.calls` stands in the line.
  let callSpans: [Range<Int>]
  /// Where each comparison of the condition stands, in the order of the text.
  let comparisonSpans: [Range<Int>]

  /// Whether one of `rule.calls` came with a group or set.
  func isOfSet(call: Int) -> Bool { line.bytes[callSpans[call].lowerBound] == UInt8(ascii: "@") }
}
