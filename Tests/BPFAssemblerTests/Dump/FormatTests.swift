import BPFAssembler
import Testing

/// Every format says the same program.
@Suite struct FormatTests {
  private func text(
    _ format: Dump.Format, _ policies: [CompiledPolicy], name: String = "x"
  ) -> String {
    String(decoding: Dump(policies, name: name).bytes(format), as: UTF8.self)
  }

  private func lines(_ format: Dump.Format, _ compiled: CompiledPolicy) -> [String] {
    text(format, [compiled]).split(separator: "\n").map { String($0) }
  }

  @Test(arguments: knownPrograms)
  func bpfAsmAssemblesBack(_ policy: KnownPolicy, _ native: Architecture) throws {
    let compiled = try policy.compiled(for: native)
    let dump = Dump([compiled], name: policy.title)
    #expect(try Program(text: dump.bytes(.bpfAsm)) == compiled.program)
    #expect(dump.bytes(.bpfAsm) == Array(compiled.program.text.utf8))
  }

  @Test(arguments: knownPrograms)
  func theNumericFormats(_ policy: KnownPolicy, _ native: Architecture) throws {
    let compiled = try policy.compiled(for: native)
    let raw = compiled.program.rawInstructions
    #expect(Dump([compiled], name: policy.title).bytes(.raw) == raw.flatMap { $0.bytes })

    let hex = lines(.hex, compiled).flatMap { line in
      stride(from: 0, to: line.utf8.count, by: 2).map { start in
        UInt8(line.dropFirst(start).prefix(2), radix: 16)
      }
    }
    #expect(hex == compiled.program.bytes)

    let decimal = lines(.decimal, compiled)
    #expect(decimal.first == "\(raw.count)")
    #expect(decimal.dropFirst() == raw.map { "\($0.code) \($0.jt) \($0.jf) \($0.k)" }[...])
  }

  @Test(arguments: knownPrograms)
  func theArrayInC(_ policy: KnownPolicy, _ native: Architecture) throws {
    let compiled = try policy.compiled(for: native)
    let body = lines(.c, compiled).filter { $0.hasPrefix("  {") }
    let raw: [RawInstruction?] = body.map { line in
      let fields = line.split(separator: "}")[0].split { "{, ".contains($0) }
      guard fields.count == 4, let code = UInt16(fields[0].dropFirst(2), radix: 16),
        let jt = UInt8(fields[1]), let jf = UInt8(fields[2]),
        let k = UInt32(fields[3].dropFirst(2), radix: 16)
      else { return nil }
      return RawInstruction(code: code, jt: jt, jf: jf, k: k)
    }
    #expect(raw == compiled.program.rawInstructions)
    let whole = text(.c, [compiled])
    #expect(whole.contains("#include <linux/filter.h>\n"))
    #expect(whole.contains("struct sock_filter nonet_filter_\(native.name)[] = {\n"))
  }

  @Test(arguments: knownPrograms)
  func theGraph(_ policy: KnownPolicy, _ native: Architecture) throws {
    let compiled = try policy.compiled(for: native)
    let dot = lines(.dot, compiled)
    #expect(dot.first == "digraph \(native.name) {" && dot.last == "}")
    let edges = dot.filter { $0.contains(" -> ") }.map { line in
      line.split { !$0.isNumber }.prefix(2).compactMap { Int($0) }
    }
    let expected = compiled.program.instructions.indices.flatMap { index in
      compiled.program.successors(of: index).map { [index, $0] }
    }
    #expect(edges == expected)
    #expect(dot.filter { $0.contains("[label=\"") }.count == compiled.program.instructions.count)
  }

  @Test(arguments: knownPrograms)
  func theListing(_ policy: KnownPolicy, _ native: Architecture) throws {
    let compiled = try policy.compiled(for: native)
    let listing = text(.listing, [compiled])
    let lines = listing.split(separator: "\n")
    let rules = lines.filter { $0.hasPrefix("; rule ") }
    #expect(rules.count == compiled.policy.rules.count)
    for (line, rule) in zip(rules, compiled.policy.rules) {
      #expect(line.hasSuffix(rule.description))
    }
    let body = lines.filter { $0.first != ";" }
    #expect(body.count == compiled.program.instructions.count)
    for (index, line) in body.enumerated() {
      #expect(line.contains(" l\(index): ") && line.contains(" ; "))
      // Every instruction has a meaning and a reason.
      let comment = line.split(separator: ";")[1].split(separator: "  ")
      #expect(comment.count >= 2, "\(line)")
    }
  }

  @Test func severalProgramsInOneOutput() throws {
    let policy = try policy("deny socket")
    let both = try Architecture.natives.map { try CompiledPolicy(policy, for: $0) }
    for format in Dump.Format.all where format.holdsSeveral {
      let apart = both.map { text(format, [$0]) }
      let together = text(format, both)
      if format == .json {
        let objects = apart.map { $0.dropFirst().dropLast(2) }.joined(separator: ", ")
        #expect(together == "[\(objects)]\n")
      } else {
        #expect(together == apart.joined(separator: format == .smt2 ? "(reset)\n" : "\n"))
      }
    }
    #expect(Dump.Format.all.filter { !$0.holdsSeveral } == [.bpfAsm, .raw, .hex, .decimal])
    #expect(Dump.Format(named: "bpf_asm") == .bpfAsm && Dump.Format(named: "xml") == nil)
  }
}
