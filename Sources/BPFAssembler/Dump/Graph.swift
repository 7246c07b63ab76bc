extension Dump.Format {
  /// A graph for Graphviz.
  public static var dot: Dump.Format {
    Dump.Format("dot", holdsSeveral: true) { policies, _ in
      Array(policies.map { $0.graph() }.joined(separator: "\n").utf8)
    }
  }
}

extension CompiledPolicy {
  /// The filter as a graph in Graphviz's language: a box for each instruction that decides.
  fileprivate func graph() -> String {
    let wording = Wording(policy)
    var lines = [
      "digraph \(architecture.name)\(part.map { "_\($0.number)" } ?? "") {",
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
