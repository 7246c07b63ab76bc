/// The formats that show a program and nothing of its policy.
extension Dump.Format {
  /// The kernel assembler's dialect; it assembles back to the same bytes.
  public static var bpfAsm: Dump.Format {
    Dump.Format("bpf_asm", holdsSeveral: false) { policies, _ in
      Array(policies.map { $0.program.text }.joined(separator: "\n").utf8)
    }
  }

  /// `struct sock_filter[]`, little-endian, as `bwrap --seccomp` takes it.
  public static var raw: Dump.Format {
    Dump.Format("raw", holdsSeveral: false) { policies, _ in
      policies.flatMap { $0.program.bytes }
    }
  }

  /// One instruction a line: the eight bytes in hexadecimal.
  public static var hex: Dump.Format {
    Dump.Format("hex", holdsSeveral: false) { policies, _ in
      Array(policies.map { hexadecimalText($0.program) }.joined(separator: "\n").utf8)
    }
  }

  /// A count, then one instruction a line in decimal, as `tcpdump -ddd` prints.
  public static var decimal: Dump.Format {
    Dump.Format("decimal", holdsSeveral: false) { policies, _ in
      Array(policies.map { decimalText($0.program) }.joined(separator: "\n").utf8)
    }
  }
}

private func hexadecimalText(_ program: Program) -> String {
  program.instructions.map { instruction in
    instruction.raw.bytes.map { $0.hex(2) }.joined() + "\n"
  }.joined()
}

private func decimalText(_ program: Program) -> String {
  let lines = program.instructions.map { instruction in
    let raw = instruction.raw
    return "\(raw.code) \(raw.jt) \(raw.jf) \(raw.k)\n"
  }
  return "\(lines.count)\n" + lines.joined()
}
