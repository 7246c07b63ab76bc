import BPFAssembler
import Testing

/// Shows that the proof bites.
@Suite struct MutationTests {
  private struct Count {
    var rejected = 0
    var undecided = 0
    var equivalent = 0
  }

  @Test(arguments: GoldenPolicy.all, Architecture.natives)
  func everyMutantThatDiffersIsRejected(golden: GoldenPolicy, native: Architecture) throws {
    let policy = try Policy.parse(golden.text).policy
    let program = try CompiledPolicy(policy, for: native).program
    try Proof.check(program, means: policy, for: native)
    var random = Seeded(7)
    var count = Count()
    var open: [String] = []
    Mutants(program: program).forEach { mutant in
      do throws(ProofError) {
        try Proof.check(mutant.program, means: policy, for: native)
        count.equivalent += 1
        let inputs = BoundaryInputs([program, mutant.program])
        let difference = inputs.calls(native, &random).first {
          mutant.program.run($0) != program.run($0)
        }
        #expect(difference == nil, "\(golden.name), \(native): \(mutant.description)")
      } catch {
        switch error {
        case .undecided:
          count.undecided += 1
          open.append("\(golden.name)\t\(native)\t\(mutant.change(from: program))")
        case .disproved(let found):
          count.rejected += 1
          #expect(isReal(found, mutant.program, policy, native), "\(mutant.description)")
        }
      }
    }
    #expect(count.rejected > 0)
    // What the proof leaves open a solver decides: Tests/Independent/test_undecided.py.
    let recorded = try Self.recorded(golden, native)
    #expect(open == recorded, "record these: \n\(open.joined(separator: "\n"))")
    print(
      "proof mutants: \(golden.name), \(native): \(count.rejected) rejected with a call, "
        + "\(count.undecided) rejected undecided, \(count.equivalent) equivalent")
  }

  @Test(arguments: GoldenPolicy.all, Architecture.natives)
  func aPolicyWithItsRulesChangedIsAnother(golden: GoldenPolicy, native: Architecture) throws {
    let policy = try Policy.parse(golden.text).policy
    let program = try CompiledPolicy(policy, for: native).program
    var random = Seeded(8)
    var count = Count()
    for other in Self.changed(policy) {
      do throws(ProofError) {
        try Proof.check(program, means: other, for: native)
        count.equivalent += 1
        for call in BoundaryInputs([program]).calls(native, &random) {
          let systemCall = SystemCall(arch: call.arch, number: call.nr, arguments: call.arguments)
          let verdict = other.verdict(of: systemCall, native: native)
          let differs = verdict != policy.verdict(of: systemCall, native: native)
          #expect(!differs, "\(golden.name), \(native): \(systemCall)\n\(other.text)")
        }
      } catch {
        guard case .disproved(let found) = error else {
          Issue.record("\(error)")
          continue
        }
        count.rejected += 1
        #expect(isReal(found, program, other, native))
      }
    }
    print(
      "proof policies: \(golden.name), \(native): \(count.rejected) changed rejected, "
        + "\(count.equivalent) equivalent")
  }

  /// The mutants of a program that are known to be left open: the lines of their file without a verdict.
  private static func recorded(
    _ golden: GoldenPolicy, _ native: Architecture
  ) throws -> [String] {
    let file = Fixture(folder: "undecided", name: "mutants")
    return try file.text(".tsv").split(separator: "\n").compactMap { line in
      let fields = line.split(separator: "\t")
      guard fields.first == golden.name[...], fields[1] == native.name else { return nil }
      return fields.dropLast().joined(separator: "\t")
    }
  }

  /// Rules swapped, dropped, turned round, and each general answer changed.
  private static func changed(_ policy: Policy) -> [Policy] {
    var policies: [Policy] = []
    for first in policy.rules.indices {
      for second in policy.rules.indices where second > first {
        var other = policy
        other.rules.swapAt(first, second)
        policies.append(other)
      }
      let rule = policy.rules[first]
      var variants = [
        Policy.Rule(rule.verdict == .allow ? .kill : .allow, rule.calls, if: rule.condition)
      ]
      if let condition = rule.condition {
        variants.append(Policy.Rule(rule.verdict, rule.calls, if: .not(condition)))
        variants.append(Policy.Rule(rule.verdict, rule.calls))
      }
      variants += rule.calls.indices.map { index in
        var calls = rule.calls
        calls.remove(at: index)
        return Policy.Rule(rule.verdict, calls, if: rule.condition)
      }
      for variant in variants {
        var other = policy
        other.rules[first] = variant
        policies.append(other)
      }
    }
    for verdict in [Verdict.kill, .log, .deny(nil), .deny(.enosys)] {
      for field in [\Policy.defaultVerdict, \Policy.x32, \Policy.unknown] {
        var other = policy
        other[keyPath: field] = verdict
        policies.append(other)
      }
      var other = policy
      other.foreign = .verdict(verdict)
      policies.append(other)
    }
    return policies.filter { $0 != policy }
  }

  /// Both answers again, not through the proof.
  private func isReal(
    _ found: Proof.Counterexample, _ program: Program, _ policy: Policy, _ native: Architecture
  ) -> Bool {
    let call = found.call
    let data = SeccompData(
      nr: call.number, arch: call.arch, instructionPointer: found.instructionPointer,
      arguments: call.arguments)
    let verdict = policy.verdict(of: call, native: native)
    return program.run(data) == found.answer && verdict == found.expected
      && policy.action(verdict) != found.answer
  }
}
