extension Dump.Format {
  /// A C array of `struct sock_filter`.
  public static var c: Dump.Format {
    Dump.Format("c", holdsSeveral: true) { policies, name in
      Array(policies.map { $0.cArray(named: name) }.joined(separator: "\n").utf8)
    }
  }
}

extension CompiledPolicy {
  /// The filter as C source that needs <linux/filter.h> and nothing else.
  fileprivate func cArray(named policyName: String) -> String {
    // No name may end the comment.
    let name = policyName.onOneLine.split(separator: "*").joined()
    let place = part.map { ", filter \($0.number) of \($0.count)" } ?? ""
    let number = part.map { "_\($0.number)" } ?? ""
    var lines = [
      "/* policy \(name) for \(architecture.name)\(place) */",
      "#include <linux/filter.h>",
      "",
      "static const struct sock_filter nonet_filter_\(architecture.name)\(number)[] = {",
    ]
    for (index, instruction) in program.instructions.enumerated() {
      let raw = instruction.raw
      let fields = "{0x\(raw.code.hex(2)), \(raw.jt), \(raw.jf), 0x\(raw.k.hex(8))},"
      lines.append("  \(fields.padded(34))/* \(instruction.text(at: index)) */")
    }
    lines.append("};")
    return lines.joined(separator: "\n") + "\n"
  }
}
