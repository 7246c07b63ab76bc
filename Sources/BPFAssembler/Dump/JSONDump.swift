/// Filters as JSON: an array with an object for each architecture.
struct JSONDump {
  private let policies: [CompiledPolicy]
  private let names: PolicyNames

  init(_ policies: [CompiledPolicy], _ names: PolicyNames) {
    self.policies = policies
    self.names = names
  }

  var text: String {
    JSONText.array(policies.map(object))
  }

  private func object(_ compiled: CompiledPolicy) -> String {
    let wording = Wording(compiled.policy, names)
    let rules = compiled.policy.rules.enumerated().map { index, rule in
      JSONText.object([
        ("number", "\(index + 1)"),
        ("place", JSONText.string(wording.place(index))),
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
    return JSONText.object([
      ("policy", JSONText.string(names.policy)),
      ("arch", JSONText.string(compiled.architecture.name)),
      ("errno", JSONText.string(compiled.policy.refusal.description)),
      ("rules", JSONText.lines(rules)),
      ("instructions", JSONText.lines(instructions)),
    ])
  }
}
