/// Comparisons that look right and let calls pass.
extension PolicyReview {
  func traps(_ rule: LocatedRule) -> [PolicyDiagnostic] {
    guard let condition = rule.rule.condition else { return [] }
    var found: [PolicyDiagnostic] = []
    for (comparison, span) in zip(condition.comparisons, rule.comparisonSpans) {
      let words = [
        wideInt(comparison, rule.rule.calls), pointer(comparison, rule.rule.calls),
        otherRegister(comparison, rule.rule.calls), typeOfSocket(comparison, rule.rule.calls),
      ]
      found += words.compactMap { $0.map { rule.line.diagnostic(.warning, span, $0) } }
    }
    var position = 0
    contradictions(condition, &position) { position, words in
      found.append(rule.line.diagnostic(.warning, rule.comparisonSpans[position], words))
    }
    return found
  }

  /// The parameters that lie in a register: for each call and ABI what is known there.
  private func parameters(
    at index: Int, of calls: [Syscall], on architectures: [Architecture]
  ) -> [(call: Syscall, architecture: Architecture, parameter: Prototype.Parameter?)] {
    calls.flatMap { call in
      architectures.compactMap { architecture in
        guard let parameters = call.prototype(on: architecture)?.parameters else { return nil }
        return (call, architecture, parameters.first { $0.index == index })
      }
    }
  }

  /// `arg0 == AF_INET`: the kernel takes an int, and a caller leaves anything above it.
  private func wideInt(_ comparison: Policy.Comparison, _ calls: [Syscall]) -> String? {
    guard case .whole(let index) = comparison.argument else { return nil }
    if let mask = comparison.mask, mask.number(on: .x86_64, isWord: false) <= UInt32.max {
      return nil
    }
    let known = parameters(at: index, of: calls, on: Architecture.natives)
    guard let int = known.first(where: { $0.parameter?.kind == .int }),
      let name = int.parameter?.name
    else { return nil }
    let isNameEverywhere = calls.allSatisfy { call in
      architectures.allSatisfy { architecture in
        call.number(on: architecture) == nil
          || call.prototype(on: architecture)?.parameter(named: name)?.kind == .int
      }
    }
    return
      "'arg\(index)' is 64 bits, of which the kernel takes the lower 32 as \(name) of \(int.call.name): whatever a caller "
      + "leaves above them decides here; write '\(isNameEverywhere ? name : "arg\(index):32")'"
  }

  /// The kernel follows a pointer, and a caller chooses where things lie.
  private func pointer(_ comparison: Policy.Comparison, _ calls: [Syscall]) -> String? {
    let index: Int
    switch comparison.argument {
    case .named: return nil
    case .whole(let number), .lowWord(let number): index = number
    }
    let isNull = comparison.constants.allSatisfy { $0.number(on: .x86_64, isWord: false) == 0 }
    if isNull, comparison.mask == nil, case .whole = comparison.argument { return nil }
    let known = parameters(at: index, of: calls, on: Architecture.natives)
    guard let found = known.first(where: { $0.parameter?.kind == .pointer }),
      let name = found.parameter?.name
    else { return nil }
    return
      "'arg\(index)' is the pointer \(name) of \(found.call.name): a caller puts what it points to anywhere, so only "
      + "'\(name) == NULL' says something"
  }

  /// A register that holds another argument on the 32-bit ABI.
  private func otherRegister(_ comparison: Policy.Comparison, _ calls: [Syscall]) -> String? {
    let index: Int
    switch comparison.argument {
    case .named: return nil
    case .whole(let number), .lowWord(let number): index = number
    }
    guard policy.foreign == .compile else { return nil }
    for native in Architecture.natives {
      guard let compat = native.compat else { continue }
      for (call, _, parameter) in parameters(at: index, of: calls, on: [native]) {
        guard let name = parameter?.name, let there = call.prototype(on: compat) else { continue }
        let other = there.parameters.first { $0.index == index }
        if other?.name == name { continue }
        let holds = other.map { "holds \($0.name)" } ?? "is no argument"
        let isElsewhere = there.parameter(named: name) != nil
        return
          "'arg\(index)' is \(name) of \(call.name) on \(native), and \(holds) on \(compat); "
          + (isElsewhere ? "write '\(name)'" : "say 'foreign kill', which leaves \(compat) out")
      }
    }
    return nil
  }

  /// `type == SOCK_STREAM`, though flags stand in the same number.
  private func typeOfSocket(_ comparison: Policy.Comparison, _ calls: [Syscall]) -> String? {
    guard calls.contains(where: { $0.name == "socket" || $0.name == "socketpair" }),
      comparison.mask == nil, comparison.argument.isSecond(named: "type")
    else { return nil }
    switch comparison.relation {
    case .equal, .notEqual, .member: break
    case .less, .lessOrEqual, .greater, .greaterOrEqual: return nil
    }
    // Whoever writes down the flags, too, knows of them.
    let isPlain = comparison.constants.allSatisfy {
      (1...0xf).contains($0.number(on: .x86_64, isWord: true))
    }
    if !isPlain { return nil }
    let masked = Policy.Comparison(.named("type"), mask: .number(0xf), comparison.relation)
    return
      "SOCK_CLOEXEC and SOCK_NONBLOCK stand in type too, and most programs set them; write '\(masked)'"
  }

  /// Comparisons side by side of which one always holds, or never both do.
  private func contradictions(
    _ condition: Policy.Condition, _ position: inout Int, _ report: (Int, String) -> Void
  ) {
    switch condition {
    case .comparison: position += 1
    case .not(let part): contradictions(part, &position, report)
    case .all(let parts), .any(let parts):
      var last: Policy.Comparison?
      for part in parts {
        if case .comparison(let comparison) = part {
          if let last, let words = Self.contradiction(last, comparison, condition) {
            report(position, words)
          }
          last = comparison
        }
        contradictions(part, &position, report)
      }
    }
  }

  private static func contradiction(
    _ first: Policy.Comparison, _ second: Policy.Comparison, _ whole: Policy.Condition
  ) -> String? {
    guard first.argument == second.argument, first.mask == second.mask,
      let one = first.constants.first, let other = second.constants.first,
      !Architecture.allCases.contains(where: {
        one.number(on: $0, isWord: true) == other.number(on: $0, isWord: true)
      })
    else { return nil }
    let masked = first.argument.description + (first.mask.map { " & \($0)" } ?? "")
    switch (whole, first.relation, second.relation) {
    case (.any, .notEqual, .notEqual):
      return
        "every value differs from \(one) or from \(other), so this always holds; write 'not \(masked) in { \(one), \(other) }'"
    case (.all, .equal, .equal):
      return
        "no value is both \(one) and \(other), so this never holds; write '\(masked) in { \(one), \(other) }'"
    case _: return nil
    }
  }
}

extension Policy.Argument {
  /// Whether it is the second one, by its name or its register.
  fileprivate func isSecond(named name: String) -> Bool {
    switch self {
    case .named(let own): own == name
    case .whole(let index), .lowWord(let index): index == 1
    }
  }
}
