extension Dump.Format {
  /// A JSON array with an object for each program: instructions, rules and origins.
  public static var json: Dump.Format {
    Dump.Format("json", holdsSeveral: true) { policies, name in
      Array((JSONDump(policies, name: name).text + "\n").utf8)
    }
  }
}

/// Filters as JSON: an array with an object for each architecture.
struct JSONDump {
  private let policies: [CompiledPolicy]
  private let name: String

  init(_ policies: [CompiledPolicy], name: String) {
    self.policies = policies
    self.name = name
  }

  var text: String {
    JSONText.array(policies.map(object))
  }

  private func object(_ compiled: CompiledPolicy) -> String {
    let wording = Wording(compiled.policy)
    let written = compiled.isRead ? [] : compiled.policy.rules
    let rules = written.enumerated().compactMap { index, rule -> String? in
      guard compiled.isAnswering(rule) else { return nil }
      return JSONText.object([
        ("number", "\(index + 1)"),
        ("place", JSONText.string(rule.place?.description ?? "")),
        ("text", JSONText.string(rule.description)),
      ])
    }
    let instructions = compiled.program.instructions.enumerated().map { index, instruction in
      let raw = instruction.raw
      return JSONText.object([
        ("code", "\(raw.code)"), ("jt", "\(raw.jt)"), ("jf", "\(raw.jf)"), ("k", "\(raw.k)"),
        ("text", JSONText.string(instruction.text(at: index))),
        ("origin", JSONText.string(wording.origins(compiled.origins[index]))),
      ])
    }
    let part = compiled.part.map { [("filter", "\($0.number)"), ("filters", "\($0.count)")] }
    return JSONText.object(
      [
        ("policy", JSONText.string(name)),
        ("arch", JSONText.string(compiled.architecture.name)),
        ("errno", JSONText.string(compiled.policy.refusal.description)),
      ] + (part ?? []) + [
        ("rules", JSONText.lines(rules)),
        ("instructions", JSONText.lines(instructions)),
      ])
  }
}
