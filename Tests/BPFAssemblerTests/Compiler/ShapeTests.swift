import BPFAssembler
import Testing

/// What is true of every program that a policy compiles to.
@Suite struct ShapeTests {
  /// Loads of a word, conditional jumps on constants, `ja`, `and` with a constant, `ret`.
  private static let codes: Set<UInt16> = [0x20, 0x15, 0x25, 0x35, 0x45, 0x54, 0x05, 0x06]

  private func expectShape(_ compiled: CompiledPolicy) throws {
    let program = compiled.program
    #expect(program.rawInstructions.allSatisfy { Self.codes.contains($0.code) })
    // Canonical: decoding accepts the bytes, and they are the same instructions.
    #expect(try Program(bytes: program.bytes) == program)
    #expect(compiled.origins.count == program.instructions.count)
    #expect(compiled.origins.allSatisfy { !$0.isEmpty && Set($0).count == $0.count })
    #expect(try CompiledPolicy(compiled.policy, for: compiled.architecture) == compiled)

    var isReached = program.instructions.map { _ in false }
    isReached[0] = true
    for index in program.instructions.indices where isReached[index] {
      for next in program.successors(of: index) { isReached[next] = true }
    }
    #expect(!isReached.contains(false), "dead code in\n\(program.text)")
    // A `ja` right to the next instruction, and a test that decides nothing.
    for (index, instruction) in program.instructions.enumerated() {
      if case .jump = instruction { #expect(program.successors(of: index) != [index + 1]) }
      if case .branch = instruction { #expect(Set(program.successors(of: index)).count == 2) }
    }
    expectFreeCalls(compiled)
  }

  /// The kernel stops running a filter for calls that are allowed whatever their arguments.
  private func expectFreeCalls(_ compiled: CompiledPolicy) {
    let native = compiled.architecture
    for architecture in [native] + (native.compat.map { [$0] } ?? []) {
      let named = Set(compiled.policy.rules.flatMap { $0.calls })
      for number in 0...architecture.newestNumber + 2 {
        let syscall = Syscall.at(number: number, on: architecture)
        if let syscall, named.contains(syscall) { continue }
        let call = SystemCall(arch: architecture.auditValue, number: number)
        let isAllowed = compiled.policy.verdict(of: call, native: native) == .allow
        let isFree = compiled.program.isConstantlyAllowed(
          nr: number, arch: architecture.auditValue)
        #expect(isFree == isAllowed, "\(architecture) \(number)")
      }
    }
  }

  @Test(arguments: knownPrograms)
  func ofKnownPolicies(_ policy: KnownPolicy, _ native: Architecture) throws {
    try expectShape(policy.compiled(for: native))
  }

  @Test func ofRandomPolicies() throws {
    var generator = PolicyGenerator(Seeded(32))
    for round in 0..<60 {
      let policy = generator.policy(rules: 1 + round % 30)
      try expectShape(CompiledPolicy(policy, for: Architecture.natives[round % 2]))
    }
  }

  @Test func ofPoliciesThatSayNextToNothing() throws {
    for verdict in [.allow, .deny(nil), .kill, .log] as [Verdict] {
      for foreign in [.compile, .verdict(verdict)] as [Policy.Foreign] {
        let policy = Policy(
          defaultVerdict: verdict, foreign: foreign, x32: verdict, unknown: verdict, rules: [])
        for native in Architecture.natives { try expectShape(CompiledPolicy(policy, for: native)) }
      }
    }
  }

  @Test(arguments: knownPrograms)
  func everyInstructionIsOfUse(_ policy: KnownPolicy, _ native: Architecture) throws {
    // Nothing that cannot happen is left in the policies that people really load.
    let program = try policy.compiled(for: native).program
    let found = Witnesses(program, seen: program.instructions.map { _ in false })
    #expect(found.unseen.isEmpty && found.isComplete)
  }

  @Test func theDefaultPresetIsShallow() throws {
    let native = Architecture.x86_64
    let preset = try #require(KnownPolicy.presets.first { $0.base == "default" })
    let compiled = try preset.compiled(for: native)
    let named = Set(compiled.policy.rules.flatMap { $0.calls })
    var deepest = 0
    for syscall in Syscall.known(on: native) where !named.contains(syscall) {
      let call = try call(syscall.name)
      #expect(compiled.policy.verdict(of: call, native: native) == .allow)
      var steps = 0
      _ = compiled.program.run(call.data) { _ in steps += 1 }
      deepest = max(deepest, steps)
    }
    print("default on x86_64: \(compiled.program.instructions.count) instructions, \(deepest) deep")
    #expect(deepest <= 10)
  }

  @Test func originsNameTheRule() throws {
    let policy = try policy(
      "foreign kill", "x32 deny with EIO", "deny connect with EPERM", "deny ioctl if cmd == 7")
    let compiled = try CompiledPolicy(policy, for: .x86_64)
    for (instruction, origins) in zip(compiled.program.instructions, compiled.origins) {
      switch instruction {
      case .return(.constant(0x0005_0001)): #expect(origins == [.rule(0)])
      case .return(.constant(0x0005_0005)): #expect(origins == [.x32])
      case .return(.constant(0x0005_000d)): #expect(origins == [.rule(1)])
      case .return(.constant(0x8000_0000)): #expect(Set(origins) == [.architecture, .foreign])
      case .return(.constant(0x7fff_0000)):
        #expect(Set(origins) == [.default, .unknown, .skipped])
      case .branch(_, .constant(7), _, _): #expect(origins == [.rule(1)])
      case .load(.data(.nr)): #expect(origins == [.dispatch])
      case .load(.data(.arch)): #expect(origins == [.architecture])
      case .load, .loadIndex, .store, .storeIndex, .arithmetic, .negate, .copyToIndex,
        .copyFromIndex, .jump, .branch, .return:
        continue
      }
    }
  }

  @Test func anArgumentThatTheCallLacksIsRefused() throws {
    let condition = Policy.Condition.comparison(
      Policy.Comparison(.named("domain"), .equal(.number(1))))
    let connect = try syscall("connect")
    let policy = Policy(
      defaultVerdict: .allow,
      rules: [Policy.Rule(.kill, []), Policy.Rule(.kill, [connect], if: condition)])
    #expect(refusal(of: policy) == .noSuchArgument(rule: 1, call: connect, .i386))
  }

  @Test func anArgumentThatOnlyThe64BitABIHas() throws {
    let rule = "deny pread64 if offset > 4"
    let pread64 = try syscall("pread64")
    #expect(
      refusal(of: try policy(rule)) == .noSuchArgument(rule: 0, call: pread64, .i386))
    #expect(
      refusal(of: try policy(rule), for: .aarch64)
        == .noSuchArgument(rule: 0, call: pread64, .arm))
    let compiled = try CompiledPolicy(try policy("foreign kill", rule), for: .x86_64)
    for offset in [4, 5, 1 << 32] as [UInt64] {
      #expect(compiled.agrees(on: try call("pread64", [0, 0, 0, offset])))
    }
  }
}
