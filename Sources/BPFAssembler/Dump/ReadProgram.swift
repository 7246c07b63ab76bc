extension CompiledPolicy {
  /// A program that somebody else made, of which nobody knows the reasons.
  ///
  /// - Parameters:
  ///   - program: The program.
  ///   - policy: What it is held against where a format does so, as `smt2` does.
  ///   - architecture: The native architecture that it is for.
  public init(
    reading program: Program, against policy: Policy, for architecture: Architecture
  ) {
    self.init(
      policy: policy, architecture: architecture, program: program,
      origins: Array(repeating: [], count: program.instructions.count))
  }

  /// Whether this program was read and not compiled; each compiled instruction has a reason.
  var isRead: Bool { origins.allSatisfy { $0.isEmpty } }

  /// Whether a rule says something of a call that this filter answers for.
  func isAnswering(_ rule: Policy.Rule) -> Bool {
    guard let part else { return true }
    return rule.calls.contains { part.answers(for: $0) }
  }
}
