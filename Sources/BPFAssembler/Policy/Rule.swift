extension Policy {
  /// A verdict for some calls, perhaps under a condition: one line of a policy's text.
  public struct Rule: Sendable {
    /// What a matching call gets.
    public let verdict: Verdict
    /// The calls that the rule speaks of; one that an ABI lacks is skipped there.
    public let calls: [Syscall]
    /// What must hold of the arguments; `nil` is no condition.
    public let condition: Condition?
    /// Where the rule stands, for listings and messages; `nil` where nobody said it.
    public let place: Place?

    /// Makes a rule.
    ///
    /// - Parameters:
    ///   - verdict: What a matching call gets.
    ///   - calls: The calls that the rule speaks of.
    ///   - condition: What must hold of the arguments; `nil` is no condition.
    ///   - place: Where the rule stands.
    public init(
      _ verdict: Verdict, _ calls: [Syscall], if condition: Condition? = nil, at place: Place? = nil
    ) {
      self.verdict = verdict
      self.calls = calls
      self.condition = condition
      self.place = place
    }
  }

  /// Where a rule stands.
  public struct Place: Hashable, Sendable {
    /// The name of the text, such as `default.policy`, or whatever else said the rule.
    public let source: String
    /// The line in that text, from 1; `nil` where it has no lines.
    public let line: Int?

    /// Makes a place.
    ///
    /// - Parameters:
    ///   - source: The name of the text, or whatever else said the rule.
    ///   - line: The line in that text, from 1.
    public init(_ source: String, line: Int? = nil) {
      self.source = source
      self.line = line
    }
  }
}

/// Two rules are equal where they mean the same by the same words; where they stand does not count.
extension Policy.Rule: Hashable {
  /// Whether verdict, calls and condition are the same.
  public static func == (left: Policy.Rule, right: Policy.Rule) -> Bool {
    left.verdict == right.verdict && left.calls == right.calls && left.condition == right.condition
  }

  /// Feeds verdict, calls and condition to a hash.
  public func hash(into hasher: inout Hasher) {
    hasher.combine(verdict)
    hasher.combine(calls)
    hasher.combine(condition)
  }
}

extension Policy.Place: CustomStringConvertible {
  /// The place as messages write it, such as `default.policy:10`.
  public var description: String { line.map { "\(source):\($0)" } ?? source }
}
