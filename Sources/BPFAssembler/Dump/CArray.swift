extension CompiledPolicy {
  /// The filter as C source that needs <linux/filter.h> and nothing else.
  func cArray(_ names: PolicyNames) -> String {
    // No name may end the comment.
    let name = names.policy.onOneLine.split(separator: "*").joined()
    var lines = [
      "/* policy \(name) for \(architecture.name) */",
      "#include <linux/filter.h>",
      "",
      "static const struct sock_filter nonet_filter_\(architecture.name)[] = {",
    ]
    for (index, instruction) in program.instructions.enumerated() {
      let raw = instruction.raw
      let fields = "{0x\(raw.code.hex(2)), \(raw.jt), \(raw.jf), 0x\(raw.k.hex(8))},"
      lines.append("  \(fields.padded(34))/* \(instruction.text(at: index)) */")
    }
    lines.append("};")
    return lines.joined(separator: "\n") + "\n"
  }

  /// The filter as a graph in Graphviz's language: a box for each instruction that decides.
  func graph(_ names: PolicyNames) -> String {
    let wording = Wording(policy, names)
    var lines = [
      "digraph \(architecture.name) {",
      "  node [shape=box, fontname=monospace];",
    ]
    for (index, instruction) in program.instructions.enumerated() {
      let reason = wording.origins(origins[index])
      let label = "\(index): \(instruction.text(at: index))\\n\(reason)"
      lines.append("  n\(index) [label=\"\(label)\"];")
      switch instruction {
      case .branch(_, _, let ifTrue, let ifFalse):
        lines.append("  n\(index) -> n\(index + 1 + Int(ifTrue)) [label=yes];")
        lines.append("  n\(index) -> n\(index + 1 + Int(ifFalse)) [label=no];")
      case .jump(let distance):
        lines.append("  n\(index) -> n\(index + 1 + Int(distance));")
      case .return:
        break
      case .load, .loadIndex, .store, .storeIndex, .arithmetic, .negate, .copyToIndex,
        .copyFromIndex:
        lines.append("  n\(index) -> n\(index + 1);")
      }
    }
    lines.append("}")
    return lines.joined(separator: "\n") + "\n"
  }
}
