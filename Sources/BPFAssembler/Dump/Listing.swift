extension Dump.Format {
  /// For reading: line, fields, mnemonic, meaning and the rule that asked for it.
  public static var listing: Dump.Format {
    Dump.Format("listing", holdsSeveral: true) { policies, name in
      Array(policies.map { Listing($0, name: name).text }.joined(separator: "\n").utf8)
    }
  }
}

/// A filter for reading: each instruction with its fields, its meaning and its reason.
struct Listing {
  private let compiled: CompiledPolicy
  private let name: String
  private let wording: Wording
  private let flow: ProgramFlow

  init(_ compiled: CompiledPolicy, name: String) {
    self.compiled = compiled
    self.name = name
    wording = Wording(compiled.policy)
    let abis = [compiled.architecture] + (compiled.architecture.compat.map { [$0] } ?? [])
    flow = ProgramFlow(compiled.program, abis)
  }

  var text: String {
    heading + rules + body
  }

  private var heading: String {
    let native = compiled.architecture
    let compat = native.compat.map { " and \($0)" } ?? ""
    let count = compiled.program.instructions.count
    let kind = compiled.isRead ? "filter" : "policy"
    let part = compiled.part.map { ", filter \($0.number) of \($0.count)" } ?? ""
    return "; \(kind) \(name.onOneLine) for \(native)\(compat)\(part): \(count) instructions\n"
  }

  private var rules: String {
    if compiled.isRead { return "" }
    let policy = compiled.policy
    var lines = [
      "; default \(policy.defaultVerdict), x32 \(policy.x32), unknown \(policy.unknown)",
      "; deny without an errno answers \(policy.refusal)",
    ]
    if case .verdict(let verdict) = policy.foreign { lines.append("; foreign \(verdict)") }
    for (index, rule) in policy.rules.enumerated() where compiled.isAnswering(rule) {
      let place = (rule.place?.description ?? "").onOneLine
      lines.append("; rule \("\(index + 1)".aligned(2))  \(place)  \(rule)")
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private var body: String {
    var lines = [";  line  code jt jf        k  instruction                    meaning"]
    let instructions = compiled.program.instructions
    let meanings = instructions.indices.map { meaning(of: instructions[$0], at: $0) }
    let width = meanings.reduce(0) { Swift.max($0, $1.utf8.count) }
    for (index, instruction) in instructions.enumerated() {
      let raw = instruction.raw
      let fields = "\(raw.code.hex(2)) \(raw.jt.hex(2)) \(raw.jf.hex(2)) \(raw.k.hex(8))"
      let line = "l\(index):".aligned(7)
      let mnemonic = instruction.text(at: index).padded(30)
      let reason = wording.origins(compiled.origins[index])
      lines.append(
        "\(line)    \(fields)  \(mnemonic) ; \(meanings[index].padded(width))  \(reason)")
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private func meaning(of instruction: Instruction, at index: Int) -> String {
    let state = flow.states[index]
    let rules = wording.rules(compiled.origins[index])
    let architecture = state?.architectures.first
    switch instruction {
    case .load(.data(let word)):
      let content = ProgramFlow.Content(word: word, mask: .max)
      return "A = " + wording.value(content, rules, on: architecture)
    case .arithmetic(.and, .constant(let mask)):
      return "A = A & 0x\(String(mask, radix: 16))"
    case .branch(let test, .constant(let constant), _, _):
      guard let content = state?.content else { return "" }
      let value = wording.value(content, rules, on: architecture)
      return "\(value) \(test.symbol) \(operand(constant, content, rules, state))?"
    case .return(.constant(let answer)):
      return "\(ReturnValue(value: answer))"
    case .jump: return "go on there"
    case .load, .loadIndex, .store, .storeIndex, .arithmetic, .negate, .copyToIndex,
      .copyFromIndex, .branch, .return:
      // No policy compiles to these.
      return ""
    }
  }

  private func operand(
    _ constant: UInt32, _ content: ProgramFlow.Content, _ rules: [Policy.Rule],
    _ state: ProgramFlow.State?
  ) -> String {
    let architectures = state?.architectures ?? []
    if content.word == .arch {
      let match = Architecture.allCases.first { $0.auditValue == constant }
      return match?.name ?? "0x\(constant.hex(8))"
    }
    if content.word == .nr {
      if constant == Architecture.skippedNumber { return "-1" }
      let number = constant < 0x10000 ? "\(constant)" : "0x\(String(constant, radix: 16))"
      // A test that both ABIs share has a name only where they agree on it.
      let calls = architectures.map { Syscall.at(number: constant, on: $0) }
      guard let call = calls.first ?? nil, calls.allSatisfy({ $0 == call }) else { return number }
      return "\(number) \(call.name)"
    }
    return wording.constant(constant, of: content, rules, on: architectures.first)
  }
}

extension Instruction.Test {
  /// The test as C writes it.
  var symbol: String {
    switch self {
    case .equal: "=="
    case .greater: ">"
    case .greaterOrEqual: ">="
    case .bitsSet: "&"
    }
  }
}
