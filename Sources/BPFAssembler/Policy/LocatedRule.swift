/// A rule with the place it was read from.
struct LocatedRule {
  let rule: Policy.Rule
  let line: PolicyLine
  /// Where each of `rule.calls` stands in the line.
  let callSpans: [Range<Int>]
}
