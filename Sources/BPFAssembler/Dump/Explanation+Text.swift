extension Explanation {
  /// The explanation for reading, and at the end what is free.
  public var text: String {
    let name = name.onOneLine
    let kind = compiled.isRead ? "filter" : "policy"
    let several = filters.count > 1 ? " in \(filters.count) filters" : ""
    var lines = [
      "\(kind) \(name) for \(compiled.architecture): \(instructionCount) instructions\(several)"
    ]
    for table in tables {
      lines.append("")
      lines +=
        questions == nil
        ? self.lines(of: table, Wording(compiled.policy))
        : answers(of: table, Wording(compiled.policy))
    }
    if questions != nil {
      let rules = deciders.map { "rule \($0.number)\($0.place): \($0.text)" }
      let reasons = rules + others
      return (lines + (reasons.isEmpty ? [] : [""] + reasons)).joined(separator: "\n") + "\n"
    }
    if compiled.isRead {
      lines.append("")
      lines += findings.map { "! \($0)" }
    }
    lines.append("")
    lines.append(freeLine)
    return lines.joined(separator: "\n") + "\n"
  }

  private var freeLine: String {
    let parts = tables.map { table in
      let kind = table.architecture == compiled.architecture ? "native" : "32-bit"
      return "\(table.free.count) of \(table.free.of) \(kind)"
    }
    return "free on Linux 5.11 and later: " + parts.joined(separator: ", ")
  }

  private func lines(of table: Table, _ wording: Wording) -> [String] {
    var lines = ["\(table.architecture): \(table.calls.count) calls"]
    let named = table.calls.filter { $0.isNamed }
    for call in named { lines += self.lines(of: call, wording) }
    // Calls that no rule names differ in nothing but their answer.
    var rest = table.calls.filter { !$0.isNamed }
    while let first = rest.first {
      let answer = first.outcomes.first?.answer
      let same = rest.filter { $0.outcomes.first?.answer == answer && $0.isFree == first.isFree }
      rest.removeAll { $0.outcomes.first?.answer == answer && $0.isFree == first.isFree }
      let words = answer.map { "\(ReturnValue(value: $0))" } ?? "nothing"
      let cost = first.isFree ? ", free" : ""
      let reason = compiled.isRead ? "whatever their arguments are" : "no rule names them"
      lines.append("  \(words)\(cost), \(reason): \(same.count) calls")
      lines += Self.wrapped(same.map { $0.syscall.name })
    }
    return lines
  }

  private func lines(of call: Call, _ wording: Wording) -> [String] {
    var lines: [String] = []
    for (index, outcome) in call.outcomes.enumerated() {
      let words = call.question?.description ?? call.syscall.name
      let name = index == 0 ? "\(call.number)".aligned(5) + " \(words)" : ""
      let answer = "\(ReturnValue(value: outcome.answer))"
      let isLast = index + 1 == call.outcomes.count && index > 0 && !call.isCut
      let condition =
        isLast
        ? " otherwise"
        : outcome.conditions.isEmpty ? "" : " if " + outcome.conditions.joined(separator: " and ")
      let reason = compiled.isRead ? "" : "  (\(wording.origins(outcome.origins)))"
      lines.append("  \(name.padded(26)) \(answer)\(condition)\(reason)")
    }
    if call.isCut { lines.append("  " + "".padded(26) + " ... and in more ways") }
    return lines
  }

  /// What was asked about, without what is told of all calls.
  private func answers(of table: Table, _ wording: Wording) -> [String] {
    var lines = ["\(table.name):"]
    for call in table.calls {
      lines += self.lines(of: call, wording) + call.remarks.map { "  " + "".padded(27) + $0 }
    }
    return lines + table.missing.map { "  has no call \($0.name)" }
  }

  /// A rule that decides one of the calls that were asked about, and what it says of them.
  private struct Decider {
    let number: Int
    let place: String
    let text: String
  }

  private var deciders: [Decider] {
    let policy = compiled.policy
    let outcomes = tables.flatMap { $0.calls.flatMap { $0.outcomes } }
    let asked = questions?.map { $0.syscall } ?? []
    return policy.rules.indices.compactMap { index in
      guard outcomes.contains(where: { $0.origins.contains(.rule(index)) }) else { return nil }
      let rule = policy.rules[index]
      let part = Policy.Rule(
        rule.verdict, rule.calls.filter { asked.contains($0) }, if: rule.condition)
      return Decider(
        number: index + 1, place: rule.place.map { ", \($0)" } ?? "", text: part.description)
    }
  }

  private static func wrapped(_ names: [String]) -> [String] {
    var lines: [String] = []
    var line = "   "
    for name in names {
      if line.utf8.count + name.utf8.count + 1 > 96 {
        lines.append(line)
        line = "   "
      }
      line += " " + name
    }
    lines.append(line)
    return lines
  }
}

extension Explanation {
  /// The explanation as a JSON object.
  public var json: String {
    let wording = Wording(compiled.policy)
    let tables = tables.map { table in
      let sums =
        questions == nil
        ? [("free", "\(table.free.count)"), ("allowed", "\(table.free.of)")] : []
      return JSONText.object(
        [("abi", JSONText.string(table.name))] + sums + [
          ("calls", JSONText.lines(table.calls.map { Self.json(of: $0, wording) }))
        ])
    }
    var review: [(String, String)] = []
    if questions != nil {
      let rules = deciders.map { rule in
        JSONText.object([
          ("number", "\(rule.number)"), ("text", JSONText.string(rule.text)),
        ])
      }
      review = [
        ("rules", JSONText.lines(rules)), ("layers", JSONText.lines(others.map(JSONText.string))),
      ]
    } else if compiled.isRead {
      review = [("review", JSONText.lines(findings.map(JSONText.string)))]
    }
    return JSONText.object(
      [
        (compiled.isRead ? "filter" : "policy", JSONText.string(name)),
        ("arch", JSONText.string(compiled.architecture.name)),
        ("instructions", "\(instructionCount)"),
      ] + (filters.count > 1 ? [("filters", "\(filters.count)")] : []) + review + [
        ("abis", JSONText.lines(tables))
      ])
  }

  private static func json(of call: Call, _ wording: Wording) -> String {
    let outcomes = call.outcomes.map { outcome in
      JSONText.object([
        ("answer", JSONText.string("\(ReturnValue(value: outcome.answer))")),
        ("value", "\(outcome.answer)"),
        ("if", JSONText.array(outcome.conditions.map(JSONText.string))),
        ("origin", JSONText.string(wording.origins(outcome.origins))),
      ])
    }
    let asked = call.question.map { question in
      [
        ("asked", JSONText.string(question.description)),
        ("remarks", JSONText.array(call.remarks.map(JSONText.string))),
      ]
    }
    return JSONText.object(
      [
        ("name", JSONText.string(call.syscall.name)),
        ("number", "\(call.number)"),
        ("free", call.isFree ? "true" : "false"),
        ("complete", call.isCut ? "false" : "true"),
        ("outcomes", JSONText.array(outcomes)),
      ] + (asked ?? []))
  }
}
