import BPFAssembler
import Testing

/// What the presets and lists promise, written down as data from the contract.
@Suite struct VerdictTests {
  private func expect(_ cases: [VerdictCase], of policy: KnownPolicy) throws {
    let parsed = try policy.policy()
    let programs = try Architecture.natives.map { ($0, try policy.compiled(for: $0).program) }
    for example in cases {
      for (native, call) in example.calls {
        let verdict = parsed.verdict(of: call, native: native)
        #expect(verdict == example.verdict, "\(policy.name): \(example.line)")
        for (architecture, program) in programs where architecture == native {
          let answer = program.run(call.data)
          #expect(answer == parsed.action(example.verdict), "\(policy.name): \(example.line)")
        }
      }
    }
  }

  @Test(arguments: KnownPolicy.all)
  func itsOwnCases(_ policy: KnownPolicy) throws {
    let fixture = Fixture(folder: "policies", name: policy.base)
    var cases = try VerdictCase.all(in: fixture.text(".cases"))
    #expect(cases.count > 20)
    if policy.deniesDebug {
      let names = SyscallGroup.debug.calls.map { " \($0.name) " }
      cases.removeAll { example in names.contains { (example.line + " ").contains($0) } }
      let denied = Fixture(folder: "policies", name: "deny-debug")
      cases += try VerdictCase.all(in: denied.text(".cases"))
    }
    try expect(cases, of: policy)
  }

  @Test(arguments: KnownPolicy.all)
  func theCasesOfEvery(_ policy: KnownPolicy) throws {
    let fixture = Fixture(folder: "policies", name: "every")
    try expect(VerdictCase.all(in: fixture.text(".cases")), of: policy)
  }

  @Test(arguments: KnownPolicy.all)
  func theMeaningIsThatOfTheProgramAtItsLimits(_ policy: KnownPolicy) throws {
    for native in Architecture.natives {
      let compiled = try policy.compiled(for: native)
      var inputs = PolicyInputs(compiled.policy, native, Seeded(10))
      for call in inputs.calls(perRule: 40) {
        #expect(compiled.agrees(on: call), "\(call)")
      }
    }
  }

  @Test(arguments: KnownPolicy.all)
  func theRefusalIsTheOneThatWasChosen(_ policy: KnownPolicy) throws {
    var parsed = try policy.policy()
    let before = parsed
    let unreachable = try #require(Errno(named: "ENETUNREACH"))
    parsed.refusal = unreachable
    let program = try CompiledPolicy(parsed, for: .x86_64).program
    for syscall in Syscall.known(on: .x86_64) {
      let call = try call(syscall.name)
      let isPlain = before.rules.first { $0.calls.contains(syscall) }?.verdict == .deny(nil)
      let verdict = parsed.verdict(of: call, native: .x86_64)
      #expect(program.run(call.data) == parsed.action(verdict))
      if isPlain, before.verdict(of: call, native: .x86_64) == .deny(.eacces) {
        #expect(verdict == .deny(unreachable), "\(syscall)")
      }
    }
  }

  @Test func foreignAsAWhole() throws {
    let policy = try policy("foreign deny with EPERM", "allow read", "kill connect")
    let compiled = try CompiledPolicy(policy, for: .aarch64)
    for name in ["read", "connect", "set_tls"] {
      let call = try call(name, on: .arm)
      #expect(policy.verdict(of: call, native: .aarch64) == .deny(.eperm))
      #expect(compiled.agrees(on: call))
    }
    // Nothing runs under -1, but a policy that names no ABI's numbers has no place to say so.
    let skipped = SystemCall(arch: Architecture.arm.auditValue, number: .max)
    #expect(policy.verdict(of: skipped, native: .aarch64) == .deny(.eperm))
    #expect(compiled.agrees(on: skipped))
  }

  @Test func everyNumberOfEveryAbi() throws {
    let policy = try policy("x32 kill", "unknown log", "deny @network", "deny set_tls with EIO")
    for native in Architecture.natives {
      let compiled = try CompiledPolicy(policy, for: native)
      for architecture in [native] + (native.compat.map { [$0] } ?? []) {
        let numbers: [ClosedRange<UInt32>] = [
          0...1200, 0xe_fff0...0xf_0010, 0x3fff_fff0...0x4000_0300, .max - 9 ... .max,
        ]
        for number in numbers.joined() {
          let call = SystemCall(arch: architecture.auditValue, number: number)
          #expect(compiled.agrees(on: call), "\(call)")
          guard number != .max, architecture.x32Numbers?.contains(number) != true,
            architecture.x32TableNumbers?.contains(number) != true,
            Syscall.at(number: number, on: architecture) == nil
          else { continue }
          let verdict = policy.verdict(of: call, native: native)
          #expect(verdict == (number > architecture.newestNumber ? .log : .allow))
        }
      }
    }
    // x32's calls without its bit, and their neighbours.
    let verdicts = [511, 512, 521, 547, 548].map { number in
      policy.verdict(
        of: SystemCall(arch: Architecture.x86_64.auditValue, number: number), native: .x86_64)
    }
    #expect(verdicts == [.log, .kill, .kill, .kill, .log])
  }
}
