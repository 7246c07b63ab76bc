import BPFAssembler
import Testing

/// Random policies: the reference meaning and the compiled program must agree.
@Suite struct RandomPolicyTests {
  /// What became of a policy's program under all inputs.
  struct Run {
    var calls = 0
    var instructions = 0
    /// Instructions that no call at all can execute.
    var unreachable = 0
    /// Instructions that no input executed, in programs too branchy to tell whether one can.
    var undecided = 0

    /// Compares the meaning with the program, at the limits of the policy and of the program.
    mutating func compare(_ policy: Policy, _ native: Architecture, _ random: Seeded) throws {
      let compiled = try CompiledPolicy(policy, for: native)
      var seen = Array(repeating: false, count: compiled.program.instructions.count)
      var inputs = PolicyInputs(policy, native, random)
      let limits = inputs.calls(perRule: 4)
      for call in limits { try answer(compiled, call, random) { seen[$0] = true } }
      // What the policy's own limits do not touch, the program's branches lead to.
      let found = Witnesses(compiled.program, seen: seen)
      for call in found.calls { try answer(compiled, call, random) { seen[$0] = true } }
      #expect(seen.indices.filter { !seen[$0] } == found.unseen)
      calls += limits.count + found.calls.count
      instructions += seen.count
      if found.isComplete {
        unreachable += found.unseen.count
      } else {
        undecided += found.unseen.count
      }
    }

    private func answer(
      _ compiled: CompiledPolicy, _ call: SystemCall, _ random: Seeded, observe: (Int) -> Void
    ) throws {
      let policy = compiled.policy
      let expected = policy.action(policy.verdict(of: call, native: compiled.architecture))
      try #require(
        compiled.program.run(call.data, observe: observe) == expected,
        "\(random.testDescription): \(call)\n\(policy.text)")
    }
  }

  @Test(arguments: Architecture.natives)
  func theProgramMeansThePolicy(_ native: Architecture) throws {
    var generator = PolicyGenerator(Seeded(native == .x86_64 ? 20 : 21))
    var run = Run()
    for round in 0..<1000 {
      generator.hasMasks = round % 2 == 0
      let policy = generator.policy(rules: round % 50 == 0 ? 200 : 1 + round % 20)
      try run.compare(policy, native, generator.random)
    }
    print("\(native): \(run)")
    #expect(run.undecided * 100 < run.instructions)
  }

  /// Rules that each ask one thing leave no instruction that cannot happen.
  ///
  /// Conditions of several parts may ask again what is settled (see `DecisionBuilder`), and
  /// overlapping masks are taken for unrelated, so this is all we claim.
  @Test(arguments: Architecture.natives)
  func everyInstructionCanBeExecuted(_ native: Architecture) throws {
    var generator = PolicyGenerator(Seeded(native == .x86_64 ? 22 : 23))
    generator.hasMasks = false
    generator.hasParts = false
    var run = Run()
    for round in 0..<100 {
      try run.compare(generator.policy(rules: 1 + round % 16), native, generator.random)
    }
    #expect(run.unreachable == 0 && run.undecided == 0, "\(generator.random.testDescription)")
  }
}
