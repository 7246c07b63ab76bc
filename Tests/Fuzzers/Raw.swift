import BPFAssembler

/// Bytes as a filter: what is taken encodes, prints and runs, and a proof about it is never wrong.
@c(LLVMFuzzerTestOneInput)
public func fuzzRaw(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let bytes = input(bytes, count)
  do throws(ProgramError) {
    let program = try Program(bytes: bytes)
    if program.bytes != bytes { finding("other bytes") }
    if (try? Program(text: Array(program.text.utf8))) != program { finding("\(program.text)") }
    checkRunning(program)
    checkProof(program)
  } catch {
    if error.description.isEmpty || !isHarmless(error.description) { finding("\(error)") }
  }
  return 0
}

private func checkRunning(_ program: Program) {
  for data in samples(of: program) {
    var isForward = true
    var last = -1
    let answer = program.run(data) { index in
      isForward = isForward && index > last
      last = index
    }
    guard isForward, case .return = program.instructions[last] else {
      // Only a division by X = 0 ends elsewhere, and with 0.
      guard isForward, answer == 0, case .arithmetic(.divide, .index) = program.instructions[last]
      else { finding("the run ends at \(last) of\n\(program.text)") }
      continue
    }
    if program.isConstantlyAllowed(nr: data.nr, arch: data.arch), answer != 0x7fff_0000 {
      finding("called free and answers \(answer):\n\(program.text)")
    }
  }
}

/// The policy that the program shall mean; mutations of its own filter come close to it.
private let policy = try? Policy.parse(Preset.strict.text).policy

private func checkProof(_ program: Program) {
  guard let policy else { finding("the preset is not read") }
  do throws(ProofError) {
    try Proof.check(program, means: policy, for: .x86_64, limit: 50_000)
    checkAgreement(program, policy, .x86_64)
  } catch {
    switch error {
    case .disproved(let found): if !isHarmless(found.description) { finding("\(found)") }
    case .undecided(let undecided):
      if case .contradiction = undecided.reason { finding("\(undecided)") }
    }
  }
}
