import Testing

@testable import BPFAssembler

/// Bits that are said not to matter are changed, and nothing may come of it.
@Suite struct RelevanceTests {
  @Test func irrelevantBitsChangeNoAnswer() throws {
    var generator = PolicyGenerator(Seeded(61))
    generator.isText = false
    var compared = 0
    for _ in 0..<60 {
      let policy = generator.policyOrFlags(rules: 3)
      var programs = [try CompiledPolicy(policy, for: .x86_64).program]
      Mutants(program: programs[0]).forEach { mutant in
        if generator.random.once(in: 300) { programs.append(mutant.program) }
      }
      for program in programs {
        guard let relevance = Relevance(ChainFlow(FilterChain(program))) else { continue }
        for index in program.instructions.indices {
          compared += try compare(program, index, relevance, &generator.random)
        }
      }
    }
    #expect(compared > 10_000)
  }

  /// Runs a program from the middle, with a view of a random word in A.
  private func compare(
    _ program: Program, _ index: Int, _ relevance: Relevance, _ random: inout Seeded
  ) throws -> Int {
    var view = WordView(random.pick(SeccompData.Word.all))
    view.mask = random.pick([.max, 0, 1, 6, 0xff])
    view.flip = random.pick([0, 0, 3, 0x8000_0000])
    let start: [Instruction] = [
      .load(.data(view.word)), .arithmetic(.and, .constant(view.mask)),
      .arithmetic(.xor, .constant(view.flip)),
    ]
    let rest = try Program(start + program.instructions[index...])
    let bits = relevance.bits(at: index, view).words
    var count = 0
    for _ in 0..<8 {
      var (one, two) = (SeccompData(nr: 0, arch: 0), SeccompData(nr: 0, arch: 0))
      for word in SeccompData.Word.all {
        let value = random.once(in: 2) ? random.word() : UInt32.random(in: 0...15, using: &random)
        let noise =
          random.once(in: 2) ? random.word() : 1 << UInt32.random(in: 0...31, using: &random)
        one[word] = value
        two[word] = value ^ noise & ~bits[word.index]
      }
      #expect(rest.run(one) == rest.run(two), "\(random.testDescription) at \(index)")
      count += 1
    }
    return count
  }

  @Test func irrelevantBitsLeadToTheSameQuestionsEnd() throws {
    var generator = PolicyGenerator(Seeded(62))
    generator.isText = false
    for _ in 0..<200 {
      let policy = generator.policyOrFlags(rules: 4)
      for region in PolicyConstraints(policy, native: .x86_64).regions {
        let bits = region.meaning.relevantBits()
        for (position, relevant) in bits.enumerated() {
          var (one, two) = (SeccompData(nr: 0, arch: 0), SeccompData(nr: 0, arch: 0))
          for word in SeccompData.Word.all {
            one[word] = generator.random.word()
            two[word] = one[word] ^ generator.random.word() & ~relevant[word.index]
          }
          let start = CallSemantics.Next.question(position)
          #expect(answer(region.meaning, start, one) == answer(region.meaning, start, two))
        }
      }
    }
  }

  private func answer(
    _ meaning: CallSemantics, _ start: CallSemantics.Next, _ data: SeccompData
  ) -> CallSemantics.Next {
    var next = start
    while case .question(let position) = next {
      let question = meaning.questions[position]
      let value = data[question.test.view.word] & question.test.view.mask ^ question.test.view.flip
      let holds = (question.test.lowest...question.test.highest).contains(value)
      next = holds ? question.ifTrue : question.ifFalse
    }
    return next
  }

  @Test func whatIsWrittenDownIsAllThatOverlaps() {
    func text(_ masks: [UInt32], about bits: UInt32) -> [UInt32] {
      var cell = PathConstraint(remainingSteps: 1000)
      for mask in masks {
        cell.narrow(WordTest(WordView(.nr, mask: mask), in: 0...0), to: false)
      }
      var relevant = SIMD16<UInt32>.zero
      relevant[0] = bits
      var text: [UInt32] = []
      cell.describe(relevant, into: &text)
      return text
    }
    // 1 overlaps 3, which overlaps 6; 24 has nothing to do with them.
    #expect(text([3, 6, 24], about: 1) == text([3, 6], about: 1))
    #expect(text([6, 3], about: 1).count == 2 * text([3], about: 1).count)
    #expect(text([24], about: 7) == [])
    #expect(text([3, 6], about: 0) == [])
    #expect(text([3, 6], about: 4) != text([6], about: 4))
  }
}
