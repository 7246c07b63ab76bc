import Testing

@testable import BPFAssembler

/// The parts of the proof that restate something, compared with what they restate.
@Suite struct ProofAgreementTests {
  @Test func theQuestionsSayWhatTheReferenceSays() {
    var generator = PolicyGenerator(Seeded(51))
    generator.isText = false
    for _ in 0..<60 {
      let policy = generator.policy(rules: Int.random(in: 1...12, using: &generator.random))
      for native in Architecture.natives {
        let regions = PolicyConstraints(policy, native: native).regions
        expectEachPairOnce(regions)
        for region in regions {
          for _ in 0..<12 { compare(policy, native, region, &generator.random) }
        }
      }
    }
  }

  private func compare(
    _ policy: Policy, _ native: Architecture, _ region: PolicyConstraints.Region,
    _ random: inout Seeded
  ) {
    let data = SeccompData(
      nr: random.pick(in: region.numbers), arch: random.pick(in: region.archs),
      arguments: (0..<6).map { _ in random.number() })
    var next = region.meaning.start
    while case .question(let position) = next {
      let question = region.meaning.questions[position]
      let view = question.test.view
      let value = data[view.word] & view.mask ^ view.flip
      let holds = (question.test.lowest...question.test.highest).contains(value)
      next = holds ? question.ifTrue : question.ifFalse
    }
    let call = SystemCall(arch: data.arch, number: data.nr, arguments: data.arguments)
    let verdict = policy.verdict(of: call, native: native)
    #expect(
      next == .answer(policy.action(verdict)), "\(random.testDescription) \(call)\n\(policy.text)")
  }

  /// The rectangles fill the plane of arch and number and do not overlap.
  private func expectEachPairOnce(_ regions: [PolicyConstraints.Region]) {
    var area: UInt64 = 0
    for (index, region) in regions.enumerated() {
      let width = UInt64(region.archs.upperBound - region.archs.lowerBound) + 1
      let height = UInt64(region.numbers.upperBound - region.numbers.lowerBound) + 1
      area &+= width &* height
      for other in regions[(index + 1)...] where other.archs.overlaps(region.archs) {
        #expect(!other.numbers.overlaps(region.numbers))
      }
    }
    // 2^64 wraps to 0: nothing is missing.
    #expect(area == 0)
  }

  @Test func pathsThatMeetChangeNoResult() throws {
    var generator = PolicyGenerator(Seeded(52))
    generator.isText = false
    var proven = 0
    var disproved = 0
    for _ in 0..<80 {
      let rules = Int.random(in: 2...5, using: &generator.random)
      let policy =
        generator.random.once(in: 2)
        ? generator.policy(rules: rules, calls: 1) : generator.policyOfFlags(rules: rules)
      let native = generator.random.pick(Architecture.natives)
      let program = try CompiledPolicy(policy, for: native).program
      var mutants = [program]
      Mutants(program: program).forEach { mutant in
        if generator.random.once(in: 40) { mutants.append(mutant.program) }
      }
      for mutant in mutants {
        let plain = result(mutant, policy, native, fewSteps: .max)
        let met = result(mutant, policy, native, fewSteps: 0)
        // Either way may be the one that runs out of steps.
        if plain == .undecided || met == .undecided { continue }
        #expect(plain == met, "\(generator.random.testDescription)")
        if plain == .proven { proven += 1 }
        if plain == .disproved { disproved += 1 }
      }
    }
    #expect(proven >= 60 && disproved > 1000)
  }

  private enum Result {
    case proven
    case disproved
    case undecided
  }

  private func result(
    _ program: Program, _ policy: Policy, _ native: Architecture, fewSteps: Int
  ) -> Result {
    var walk = ProofWalk(
      FilterChain(program), policy, native: native, limit: 100_000, fewSteps: fewSteps)
    do throws(ProofError) {
      _ = try walk.run()
      return .proven
    } catch {
      switch error {
      case .disproved: return .disproved
      case .undecided: return .undecided
      }
    }
  }
}

extension Seeded {
  /// An end of a range, or something in it.
  fileprivate mutating func pick(in range: ClosedRange<UInt32>) -> UInt32 {
    switch Int.random(in: 0..<3, using: &self) {
    case 0: range.lowerBound
    case 1: range.upperBound
    default: UInt32.random(in: range, using: &self)
    }
  }
}
