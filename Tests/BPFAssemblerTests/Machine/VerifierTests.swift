import BPFAssembler
import Testing

@Suite struct VerifierTests {
  @Test(arguments: verifierCases)
  func theRulesOfTheKernel(_ example: VerifierCase) {
    let error = refusal(of: example.program)
    #expect(error?.index == example.fault?.index)
    if let fault = example.fault, let error {
      #expect(error.description.contains(fault.word), "\(error.description)")
    }
  }

  @Test(arguments: verifierCases)
  func theDecodedFormIsHeldToTheSameRules(_ example: VerifierCase) throws {
    // Cases that are not canonical, or no instructions at all, have no decoded form.
    guard let decoded = try? example.program.map({ try Instruction($0) }) else { return }
    var error: VerifierError?
    do throws(VerifierError) { try Verifier.check(decoded) } catch let found { error = found }
    #expect(error == refusal(of: example.program))
  }

  @Test func aProgramIsMadeOnlyOfWhatTheVerifierPasses() throws {
    for example in verifierCases {
      let canonical = (try? example.program.map { try Instruction($0) }) != nil
      do throws(ProgramError) {
        let program = try Program(raw: example.program)
        #expect(example.fault == nil && canonical)
        #expect(program.rawInstructions == example.program)
        #expect(try Program(bytes: program.bytes) == program)
        #expect((try? Program(program.instructions)) == program)
      } catch {
        switch error {
        case .refused(let reason): #expect(reason == refusal(of: example.program))
        case .notCanonical: #expect(example.fault == nil && !canonical)
        case .partial: Issue.record("there are no bytes here")
        }
      }
    }
  }

  @Test func whatIsNotCanonicalHasAPlace() {
    let junk = RawInstruction(code: 0x06, jt: 1)
    let raw = [RawInstruction(code: 0x00), junk]
    #expect(throws: ProgramError.notCanonical(.unusedFieldNotZero(junk), index: 1)) {
      try Program(raw: raw)
    }
    #expect(refusal(of: raw) == nil)
  }

  @Test func partialBytesHaveAPlace() {
    #expect(throws: ProgramError.partial(.init(offset: 8, count: 1))) {
      try Program(bytes: [6, 0, 0, 0, 0, 0, 0, 0, 6])
    }
    #expect(throws: ProgramError.refused(VerifierError(index: 0, reason: .length(0)))) {
      try Program(bytes: [])
    }
  }

  @Test func everyErrorSaysWhereAndWhy() throws {
    let errors: [ProgramError] = [
      .partial(.init(offset: 8, count: 3)),
      .refused(VerifierError(index: 4096, reason: .length(5000))),
      .refused(VerifierError(index: 2, reason: .instruction(.unknownCode(0x94)))),
      .refused(VerifierError(index: 2, reason: .instruction(.noSuchSlot(16)))),
      .refused(VerifierError(index: 2, reason: .instruction(.unreadableOffset(64)))),
      .refused(VerifierError(index: 3, reason: .unwrittenSlot(try slot(15)))),
      .notCanonical(.unusedFieldNotZero(RawInstruction(code: 0x84, jt: 1, k: 255)), index: 7),
    ]
    #expect(
      errors.map(\.description) == [
        "the instruction at byte 8 has 3 bytes; each instruction takes 8",
        "a program has at most 4096 instructions, this one 5000",
        "instruction 2: seccomp does not accept the operation code 0x94",
        "instruction 2: there is no scratch slot 16; they are 0 to 15",
        "instruction 2: a load at offset 64 is refused; offsets are 0, 4, ... 60",
        "instruction 3 reads scratch slot 15, which is not written on every way",
        "instruction 7: the code 0x84 leaves a field unused that is not 0: "
          + "jt 1, jf 0, k 0xff",
      ])
  }
}
