@testable import BPFAssembler

/// Calls that make a difference to a program: its own constants and their neighbours, everywhere.
func samples(of program: Program) -> [SeccompData] {
  var constants: [UInt32] = [0, 1, 0xffff_ffff, Architecture.x86_64.auditValue]
  for case .branch(_, .constant(let value), _, _) in program.instructions.prefix(64) {
    constants += [value &- 1, value, value &+ 1]
  }
  // Every word has a constant of its own, and each constant has its turn at each word.
  return constants.indices.map { start in
    let words = (0..<8).map { constants[(start &+ $0 &* 3) % constants.count] }
    return SeccompData(
      nr: words[0], arch: start % 3 == 0 ? words[1] : Architecture.x86_64.auditValue,
      arguments: (2..<8).map { UInt64(words[$0]) << 32 | UInt64(words[9 - $0]) })
  }
}

/// Shows that a program and its policy answer a call alike.
func checkAgreement(_ program: Program, _ policy: Policy, _ native: Architecture) {
  for data in samples(of: program) {
    let call = SystemCall(arch: data.arch, number: data.nr, arguments: data.arguments)
    let expected = policy.verdict(of: call, native: native)
    let answer = program.run(data)
    guard answer == expected.kernelAnswer(refusal: policy.refusal) else {
      finding("proven, but \(data.arch) \(data.nr) gets \(answer) and not '\(expected)'")
    }
  }
}
