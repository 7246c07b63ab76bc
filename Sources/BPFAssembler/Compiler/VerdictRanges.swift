extension DecisionBuilder {
  /// All 2^32 numbers of one ABI, cut into ranges that get the same answer.
  ///
  /// System calls, the gaps between them, unknown numbers, x32 and -1 are nothing but ranges.
  ///
  /// - Throws: `CompilerError.noSuchArgument` for a condition that cannot be asked on this ABI.
  func ranges(
    of policy: Policy, on architecture: Architecture
  ) throws(CompilerError) -> [DecisionGraph.Range] {
    let otherwise = answer(policy.action(policy.defaultVerdict), .default)
    let unknown = answer(policy.action(policy.unknown), .unknown)
    var base = [DecisionGraph.Range(start: 0, node: otherwise)]
    base.append(DecisionGraph.Range(start: architecture.newestNumber + 1, node: unknown))
    if let numbers = architecture.privateNumbers {
      base.append(DecisionGraph.Range(start: numbers.lowerBound, node: otherwise))
      base.append(DecisionGraph.Range(start: numbers.upperBound + 1, node: unknown))
    }
    if let numbers = architecture.x32Numbers {
      let x32 = answer(policy.action(policy.x32), .x32)
      base.append(DecisionGraph.Range(start: numbers.lowerBound, node: x32))
    }
    if let numbers = architecture.x32TableNumbers {
      let x32 = answer(policy.action(policy.x32WithoutBit ?? policy.x32), .x32)
      base.append(DecisionGraph.Range(start: numbers.lowerBound, node: x32))
      base.append(DecisionGraph.Range(start: numbers.upperBound + 1, node: unknown))
    }
    base.sort { $0.start < $1.start }
    let skipped = answer(policy.action(.allow), .skipped)
    base.append(DecisionGraph.Range(start: Architecture.skippedNumber, node: skipped))

    var ranges: [DecisionGraph.Range] = []
    func append(_ range: DecisionGraph.Range) {
      if let last = ranges.last, last.start == range.start { ranges.removeLast() }
      if ranges.last?.node != range.node { ranges.append(range) }
    }
    var remaining = base[...]
    var current = otherwise
    for call in try decisions(of: policy, on: architecture, otherwise: otherwise) {
      while let range = remaining.first, range.start <= call.start {
        append(range)
        current = range.node
        remaining.removeFirst()
      }
      append(call)
      append(DecisionGraph.Range(start: call.start + 1, node: current))
    }
    for range in remaining { append(range) }
    return ranges
  }

  /// The decision about each call that a rule names, in the order of their numbers.
  private func decisions(
    of policy: Policy, on architecture: Architecture, otherwise: NodeID
  ) throws(CompilerError) -> [DecisionGraph.Range] {
    var rulesByNumber: [UInt32: [Int]] = [:]
    var calls: [UInt32: Syscall] = [:]
    for (index, rule) in policy.rules.enumerated() {
      for call in rule.calls {
        guard let number = call.number(on: architecture) else { continue }
        rulesByNumber[number, default: []].append(index)
        calls[number] = call
      }
    }
    var ranges: [DecisionGraph.Range] = []
    for number in rulesByNumber.keys.sorted() {
      var steps: [Step] = []
      var last = otherwise
      for index in rulesByNumber[number] ?? [] {
        let rule = policy.rules[index]
        let action = policy.action(rule.verdict)
        guard let condition = rule.condition, let call = calls[number] else {
          last = answer(action, .rule(index))
          break
        }
        guard let formula = WordFormula(condition, of: call, on: architecture) else {
          throw .noSuchArgument(rule: index, call: call, architecture)
        }
        steps.append(Step(formula: formula, answer: action, origin: .rule(index)))
      }
      ranges.append(
        DecisionGraph.Range(start: number, node: decision(steps, otherwise: last)))
    }
    return ranges
  }
}

extension Policy {
  /// What the filter returns to the kernel for a verdict (seccomp(2), "filter return values").
  ///
  /// - Parameter verdict: A verdict of this policy.
  /// - Returns: The action, with the errno in its low 16 bits.
  public func action(_ verdict: Verdict) -> UInt32 {
    switch verdict {
    case .allow: SeccompReturn.allow
    case .log: SeccompReturn.log
    case .kill: SeccompReturn.killProcess
    case .deny(let errno): SeccompReturn.errno | UInt32((errno ?? refusal).number)
    }
  }
}
