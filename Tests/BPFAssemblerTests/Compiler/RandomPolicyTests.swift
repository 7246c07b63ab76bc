import BPFAssembler
import Testing

/// Random policies: reference meaning, compiled program and proof must agree.
@Suite struct RandomPolicyTests {
  /// `make fuzz` runs a million.
  @Test(arguments: 0..<4)
  func theProgramMeansThePolicy(_ part: Int) {
    let seed = Seeded(20).seed
    var tally = WitnessTally()
    for index in part * 500..<(part + 1) * 500 {
      WitnessCase(seed: seed, index: index).run(asksKernel: false, into: &tally)
    }
    for fault in tally.faults { Issue.record("\(fault)") }
    print("\(tally)")
    #expect(tally.disagreements == 0 && tally.policies + tally.tooLong == 500)
    // What joins of ways forget, and masks that overlap, leaves a little that cannot happen.
    #expect(tally.unreachable * 50 < tally.instructions)
    #expect(tally.undecided * 100 < tally.instructions)
  }

  /// Rules that each ask one thing leave no instruction that cannot happen.
  ///
  /// Conditions of several parts may ask again what only some ways to them have settled (see
  /// `DecisionGraph.pruned`), and overlapping masks are taken for unrelated, so this is all we
  /// claim.
  @Test(arguments: Architecture.natives)
  func everyInstructionCanBeExecuted(_ native: Architecture) throws {
    var generator = PolicyGenerator(Seeded(native == .x86_64 ? 22 : 23))
    generator.hasMasks = false
    generator.hasParts = false
    for round in 0..<100 {
      let policy = generator.policy(rules: 1 + round % 16)
      let program = try CompiledPolicy(policy, for: native).program
      var seen = program.instructions.map { _ in false }
      var inputs = PolicyInputs(policy, native, generator.random)
      for call in inputs.calls(perRule: 4) { _ = program.run(call.data) { seen[$0] = true } }
      let found = Witnesses(program, seen: seen)
      #expect(
        found.unseen.isEmpty && found.isComplete,
        "\(generator.random.testDescription)\n\(policy.text)")
    }
  }
}
