extension Policy.Condition {
  /// All comparisons, in the order of the text.
  var comparisons: [Policy.Comparison] {
    switch self {
    case .comparison(let comparison): [comparison]
    case .all(let parts), .any(let parts): parts.flatMap { $0.comparisons }
    case .not(let part): part.comparisons
    }
  }

  /// Whether another condition holds wherever this one does, as far as comparing their parts shows it.
  ///
  /// - Parameters:
  ///   - other: The other condition.
  ///   - call: The call whose arguments both speak of.
  ///   - steps: How many parts may be compared; nested ones could take for ever.
  /// - Returns: `false` where it is not so, or not seen.
  func implies(_ other: Policy.Condition, of call: Syscall, _ steps: inout Int) -> Bool {
    steps -= 1
    if steps < 0 { return false }
    switch (self, other) {
    case (.any(let parts), _):
      for part in parts where !part.implies(other, of: call, &steps) { return false }
      return true
    case (_, .all(let parts)):
      for part in parts where !implies(part, of: call, &steps) { return false }
      return true
    case (.not(let part), .not(let otherPart)):
      return otherPart.implies(part, of: call, &steps)
    case (.comparison(let one), .comparison(let two)):
      steps -= one.constants.count
      return one.implies(two, of: call)
    case _: break
    }
    if case .all(let parts) = self {
      for part in parts where part.implies(other, of: call, &steps) { return true }
    }
    if case .any(let parts) = other {
      for part in parts where implies(part, of: call, &steps) { return true }
    }
    return false
  }
}

extension Policy.Comparison {
  /// Whether every value that this one takes is one that another one takes; those of a set are tried.
  fileprivate func implies(_ other: Policy.Comparison, of call: Syscall) -> Bool {
    guard argument == other.argument, mask == other.mask else { return false }
    switch relation {
    case .equal, .member: break
    case .notEqual where relation == other.relation: return true
    case .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual: return false
    }
    return Architecture.allCases.allSatisfy { architecture in
      guard call.number(on: architecture) != nil,
        let location = argument.location(in: call, on: architecture)
      else { return true }
      func number(_ value: Policy.Value) -> UInt64 {
        value.number(on: architecture, isWord: location.isWord)
      }
      return constants.allSatisfy { other.takes(number($0), number) }
    }
  }
}
