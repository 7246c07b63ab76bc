import BPFAssembler
import CTestProbes

/// One claim of this room that the running kernel can be asked about.
///
/// `KernelTests` asks the host's kernel; `Tests/Kernels` compiles this file as Embedded Swift and
/// asks kernels in emulated machines.
struct KernelCheck: Sendable, CustomStringConvertible {
  let description: String
  /// Asks, and says what differs from the claim, one sentence each.
  let differences: @Sendable () throws(Kernel.Surprise) -> [String]

  init(
    _ description: String, _ differences: @escaping @Sendable () throws(Kernel.Surprise) -> [String]
  ) {
    self.description = description
    self.differences = differences
  }
}

let kernelChecks: [KernelCheck] =
  [
    verifierCases.map(verifierCheck), machineCases.map(machineCheck), [wordCheck],
    Instruction.Operation.allCases.flatMap { [indexCheck($0), constantCheck($0)] },
    Instruction.Test.allCases.map(comparisonCheck), (0..<8).map(randomCheck),
  ].flatMap { $0 }

/// The first two show all 41 codes that there are; each asks 65,536 questions.
let codeChecks: [KernelCheck] =
  ([
    (0, 0, 0), (0, 0, 4), (0, 0, 1), (0, 0, 31), (0, 0, 32), (0, 0, 60), (0, 0, 64),
    (1, 0, 1), (0, 1, 1), (255, 255, 4), (0, 0, 0xffff_f000), (0, 0, .max),
  ] as [(UInt8, UInt8, UInt32)]).map { (jt, jf, k) in
    KernelCheck("all 65536 codes with jt \(jt) jf \(jf) k \(k)") { () throws(Kernel.Surprise) in
      let errors = try Kernel.errors(ofCodesWith: jt, jf, k)
      let ret = RawInstruction(code: 0x06, k: 0x7fff_0000)
      var differences: [String] = []
      for code in 0...UInt16.max {
        let probed = RawInstruction(code: code, jt: jt, jf: jf, k: k)
        let fault = refusal(of: [RawInstruction(code: 0x02, k: k & 15), ret, probed, ret])
        // Whatever the reason, the kernel says EINVAL.
        let expected: UInt8 = fault == nil ? 0 : 22
        if errors[Int(code)] != expected {
          differences.append("code \(code): errno \(errors[Int(code)]), expected \(expected)")
        }
      }
      // Constant 0 is wrong for the division only, so all the others show; 4 is right for it.
      let accepted = (0...UInt16.max).filter { errors[Int($0)] == 0 }
      if (jt, jf, k) == (0, 0, 0), accepted != acceptedCodes.filter({ $0 != 0x34 }) {
        differences.append("not the 41 codes less one, but \(accepted.count)")
      }
      if (jt, jf, k) == (0, 0, 4), !accepted.contains(0x34) {
        differences.append("division by 4 is refused")
      }
      return differences
    }
  }

private func verifierCheck(_ example: VerifierCase) -> KernelCheck {
  KernelCheck("the verifier: \(example.name)") { () throws(Kernel.Surprise) in
    let errno = try Kernel.refusal(of: example.program)
    let expected: Int32 = example.fault == nil ? 0 : 22
    return errno == expected ? [] : ["errno \(errno), expected \(expected)"]
  }
}

private func machineCheck(_ example: MachineCase) -> KernelCheck {
  KernelCheck("the manual: \(example.name)") { () throws(Kernel.Surprise) in
    guard let program = try? example.program() else { return ["the text is no program"] }
    let calls = visibleCalls(Kernel.call(nr: Kernel.getppid, []))
    return try differences(
      shown(program.instructions), calls, calls.map { prediction(example.result, $0) })
  }
}

private let wordCheck = KernelCheck("every word of a call is where the data says") {
  () throws(Kernel.Surprise) in
  let arguments: [UInt64] = (1...6).map { $0 * 0x1111_1111_0101_0101 }
  let calls = visibleCalls(Kernel.call(nr: Kernel.getppid, arguments))
  var found: [String] = []
  for word in SeccompData.Word.all {
    let program = try shown([.load(.data(word)), .return(.accumulator)])
    found += try differences(program, calls, calls.map { prediction($0.value(of: word), $0) })
  }
  return found
}

private func indexCheck(_ operation: Instruction.Operation) -> KernelCheck {
  KernelCheck("\(operation.mnemonic) x") { () throws(Kernel.Surprise) in
    try differences(
      shown([
        .load(.data(SeccompData.Argument.arg1.low)), .copyToIndex,
        .load(.data(SeccompData.Argument.arg0.low)), .arithmetic(operation, .index),
        .return(.accumulator),
      ]),
      boundaryPairs.flatMap(visibleCalls))
  }
}

private func constantCheck(_ operation: Instruction.Operation) -> KernelCheck {
  KernelCheck("\(operation.mnemonic) with constants") { () throws(Kernel.Surprise) in
    let calls = boundaryWords.flatMap {
      visibleCalls(Kernel.call(nr: Kernel.getppid, [UInt64($0)]))
    }
    var found: [String] = []
    for constant in boundaryWords {
      let instructions: [Instruction] = [
        .load(.data(SeccompData.Argument.arg0.low)), .arithmetic(operation, .constant(constant)),
        .return(.accumulator),
      ]
      // A constant that the verifier refuses is another check's business.
      guard refusal(of: instructions.map { $0.raw }) == nil else { continue }
      found += try differences(shown(instructions), calls)
    }
    return found
  }
}

private func comparisonCheck(_ test: Instruction.Test) -> KernelCheck {
  KernelCheck("\(test.mnemonic) with x and constants") { () throws(Kernel.Surprise) in
    var found: [String] = []
    for operand in [.index] + boundaryWords.map(Instruction.Operand.constant) {
      let program = try Kernel.program([
        .load(.data(SeccompData.Argument.arg1.low)), .copyToIndex,
        .load(.data(SeccompData.Argument.arg0.low)), .branch(test, operand, ifTrue: 0, ifFalse: 1),
        .return(.constant(0x0005_0001)), .return(.constant(0x0005_0002)),
      ])
      found += try differences(program, boundaryPairs)
    }
    return found
  }
}

private func randomCheck(_ batch: Int) -> KernelCheck {
  KernelCheck("random programs, batch \(batch)") { () throws(Kernel.Surprise) in
    var random = Seeded(UInt64(1000 + batch))
    var results: Set<Kernel.Answer> = []
    var found: [String] = []
    for _ in 0..<40 {
      guard let program = try? random.program() else { return ["the generator failed"] }
      let calls = (0..<6).flatMap { _ in visibleCalls(random.call()) }
      let wrong = try differences(shown(program.instructions), calls, seeing: &results)
      if !wrong.isEmpty { found += wrong + [random.testDescription, program.text] }
    }
    // Programs that all answer alike would be no test.
    if results.count <= 30 { found.append("only \(results.count) different answers") }
    return found
  }
}

private var boundaryPairs: [SeccompData] {
  boundaryWords.flatMap { a in
    boundaryWords.map { Kernel.call(nr: Kernel.getppid, [UInt64(a), UInt64($0)]) }
  }
}

private func shown(_ instructions: [Instruction]) throws(Kernel.Surprise) -> Program {
  let program = try Kernel.program(instructions)
  do throws(VerifierError) {
    return try visible(program)
  } catch {
    throw Kernel.Surprise(description: "not visible: \(error.description)")
  }
}

private func differences(
  _ program: Program, _ calls: [SeccompData], _ expected: [Kernel.Answer]? = nil
) throws(Kernel.Surprise) -> [String] {
  var results: Set<Kernel.Answer> = []
  return try differences(program, calls, expected, seeing: &results)
}

/// What the kernel answers to calls otherwise than expected, which is what our machine answers
/// unless told.
private func differences(
  _ program: Program, _ calls: [SeccompData], _ expected: [Kernel.Answer]? = nil,
  seeing results: inout Set<Kernel.Answer>
) throws(Kernel.Surprise) -> [String] {
  let expected = expected ?? calls.map { prediction(program, $0) }
  let answers = try Kernel.answers(to: calls, filter: program)
  results.formUnion(answers)
  return zip(answers, expected).enumerated().compactMap { index, pair in
    pair.0 == pair.1 ? nil : "call \(index): \(pair.0), expected \(pair.1)"
  }
}
