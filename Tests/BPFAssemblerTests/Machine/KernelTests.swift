import BPFAssembler
import CTestProbes
import Testing

/// The kernel as the second witness of everything this room claims.
@Suite(.enabled(if: Kernel.takesFilters, "this system lets no process install a filter"))
struct KernelTests {
  @Test func theInstrumentWorks() throws {
    // Without a filter the call works; with one that allows it still does; then it does not.
    let getppid = Kernel.call(nr: nativeGetppid, [])
    let parent = try Kernel.answers(to: [getppid], filter: nil)
    guard case .result(let pid) = parent[0], pid > 0 else {
      Issue.record("getppid answered \(parent)")
      return
    }
    #expect(try Kernel.answers(to: [getppid], filter: program("ret #0x7fff0000")) == parent)
    #expect(try Kernel.answers(to: [getppid], filter: program("ret #0x5000d")) == [.result(-13)])
    #expect(try Kernel.answers(to: [getppid], filter: program("ret #0x50000")) == [.result(0)])
    #expect(
      try Kernel.answers(to: [getppid, getppid], filter: program("ret #0")) == [.killed, .killed])
    // 22 is EINVAL: a refusal is told from an acceptance.
    #expect(try Kernel.refusal(of: []) == 22)
    #expect(try Kernel.refusal(of: program("ret #0").rawInstructions) == 0)
  }

  @Test(
    arguments: [
      (0, 0, 0), (0, 0, 1), (0, 0, 4), (0, 0, 31), (0, 0, 32), (0, 0, 60), (0, 0, 64),
      (1, 0, 1), (0, 1, 1), (255, 255, 4), (0, 0, 0xffff_f000), (0, 0, .max),
    ] as [(UInt8, UInt8, UInt32)])
  func all65536Codes(jt: UInt8, jf: UInt8, k: UInt32) throws {
    var errors = [UInt8](repeating: 0, count: 65536)
    try #require(probe_codes(jt, jf, k, &errors) == 0)
    let accepted = (0...UInt16.max).filter { errors[Int($0)] == 0 }
    let ret = RawInstruction(code: 0x06, k: 0x7fff_0000)
    let expected = (0...UInt16.max).filter { code in
      let probed = RawInstruction(code: code, jt: jt, jf: jf, k: k)
      return refusal(of: [RawInstruction(code: 0x02, k: k & 15), ret, probed, ret]) == nil
    }
    #expect(accepted == expected)
    #expect(errors.allSatisfy { $0 == 0 || $0 == 22 })
    // A k of 0 is wrong for the division only, so all the others show.
    if (jt, jf, k) == (0, 0, 0) { #expect(accepted == acceptedCodes.filter { $0 != 0x34 }) }
    if (jt, jf, k) == (0, 0, 4) { #expect(Set(accepted).contains(0x34)) }
  }

  @Test(arguments: verifierCases)
  func theVerifierAgrees(_ example: VerifierCase) throws {
    #expect(try Kernel.refusal(of: example.program) == (example.fault == nil ? 0 : 22))
  }

  @Test(arguments: machineCases)
  func theManualAgrees(_ example: MachineCase) throws {
    let calls = visibleCalls(Kernel.call(nr: nativeGetppid, []))
    let answers = try Kernel.answers(to: calls, filter: visible(example.program()))
    #expect(answers == calls.map { prediction(example.result, $0) })
  }

  @Test func everyWordOfACallIsWhereTheDataSays() throws {
    let arguments: [UInt64] = (1...6).map { $0 * 0x1111_1111_0101_0101 }
    let calls = visibleCalls(Kernel.call(nr: nativeGetppid, arguments))
    for word in SeccompData.Word.all {
      let shown = try visible(Program([.load(.data(word)), .return(.accumulator)]))
      let answers = try Kernel.answers(to: calls, filter: shown)
      #expect(answers == calls.map { prediction($0.value(of: word), $0) }, "\(word)")
    }
  }

  @Test(arguments: Instruction.Operation.allCases)
  func arithmeticWithX(_ operation: Instruction.Operation) throws {
    let shown = try visible(
      Program([
        .load(.data(SeccompData.Argument.arg1.low)), .copyToIndex,
        .load(.data(SeccompData.Argument.arg0.low)), .arithmetic(operation, .index),
        .return(.accumulator),
      ]))
    var calls: [SeccompData] = []
    for a in boundaryWords {
      for x in boundaryWords {
        calls += visibleCalls(Kernel.call(nr: nativeGetppid, [UInt64(a), UInt64(x)]))
      }
    }
    #expect(try Kernel.answers(to: calls, filter: shown) == calls.map { prediction(shown, $0) })
  }

  @Test(arguments: Instruction.Operation.allCases)
  func arithmeticWithConstants(_ operation: Instruction.Operation) throws {
    let calls = boundaryWords.flatMap {
      visibleCalls(Kernel.call(nr: nativeGetppid, [UInt64($0)]))
    }
    for constant in boundaryWords {
      guard
        let program = try? Program([
          .load(.data(SeccompData.Argument.arg0.low)), .arithmetic(operation, .constant(constant)),
          .return(.accumulator),
        ])
      else { continue }
      let shown = try visible(program)
      #expect(
        try Kernel.answers(to: calls, filter: shown) == calls.map { prediction(shown, $0) },
        "\(constant)")
    }
  }

  @Test(arguments: Instruction.Test.allCases)
  func comparisons(_ test: Instruction.Test) throws {
    let calls = boundaryWords.flatMap { a in
      boundaryWords.map { Kernel.call(nr: nativeGetppid, [UInt64(a), UInt64($0)]) }
    }
    let prologue: [Instruction] = [
      .load(.data(SeccompData.Argument.arg1.low)), .copyToIndex,
      .load(.data(SeccompData.Argument.arg0.low)),
    ]
    let epilogue: [Instruction] = [
      .return(.constant(0x0005_0001)), .return(.constant(0x0005_0002)),
    ]
    for operand in [.index] + boundaryWords.map(Instruction.Operand.constant) {
      let branch = Instruction.branch(test, operand, ifTrue: 0, ifFalse: 1)
      let program = try Program(prologue + [branch] + epilogue)
      #expect(
        try Kernel.answers(to: calls, filter: program) == calls.map { prediction(program, $0) })
    }
  }

  @Test(arguments: 0..<8)
  func randomPrograms(_ batch: Int) throws {
    var random = Seeded(UInt64(1000 + batch))
    var results: Set<Kernel.Answer> = []
    for _ in 0..<40 {
      let program = try random.program()
      let shown = try visible(program)
      let calls = (0..<6).flatMap { _ in visibleCalls(random.call()) }
      let answers = try Kernel.answers(to: calls, filter: shown)
      #expect(
        answers == calls.map { prediction(shown, $0) },
        "\(random.testDescription) batch \(batch)\n\(program.text)")
      results.formUnion(answers)
    }
    // Programs that all answer alike would be no test.
    #expect(results.count > 30)
  }

  private func program(_ text: String) throws -> Program { try Program(text: Array(text.utf8)) }

  // getppid needs nothing and changes nothing. 0xc00000b7 is AUDIT_ARCH_AARCH64.
  private var nativeGetppid: UInt32 { probe_arch() == 0xc000_00b7 ? 173 : 110 }
}
