/// A rule with the line that it was read from, for messages that point into it.
struct LocatedRule {
  let rule: Policy.Rule
  let line: PolicyLine
  /// Where each of `rule.calls` stands in the line.
  let callSpans: [Range<Int>]
}
