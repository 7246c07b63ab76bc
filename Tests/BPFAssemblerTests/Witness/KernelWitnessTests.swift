import BPFAssembler
import Glibc
import Testing

/// The running kernel as the third witness of compiled policies.
@Suite(.enabled(if: Kernel.takesFilters, "this system lets no process install a filter"))
struct KernelWitnessTests {
  private func outcomes(
    _ text: String?, _ calls: SystemCall...
  ) throws -> [KernelWitness.Outcome] {
    try KernelWitness.outcomes(of: text.map { try Program(text: Array($0.utf8)) }, calls)
  }

  private func getppid(_ native: Architecture) throws -> SystemCall {
    try call("getppid", on: native)
  }

  @Test func everyAnswerIsSeen() throws {
    let native = try #require(KernelWitness.native)
    let call = try getppid(native)
    #expect(try outcomes(nil, call, call) == [.passed, .passed])
    #expect(try outcomes("ret #0x7fff0000", call) == [.passed])
    #expect(try outcomes("ret #0x7ffc0000", call) == [.passed])
    for errno in [1, 13, 133, 4095] as [Int32] {
      #expect(
        try outcomes("ret #\(0x50000 + errno)", call, call) == [.refused(errno), .refused(errno)])
    }
    #expect(try outcomes("ret #0x80000000", call, call) == [.killed, .killed])
    // The calls after a killed one are made all the same.
    let number = call.number
    let kills = "ld [0]\njne #\(number), l1\nret #0x80000000\nl1: ret #0x50007"
    let other = SystemCall(arch: call.arch, number: number + 1)
    #expect(
      try outcomes(kills, other, call, call, other)
        == [.refused(7), .killed, .killed, .refused(7)])
  }

  @Test func everyEntryIsSeenAsWhatItIs() throws {
    for architecture in KernelWitness.architectures {
      let text = "ld [4]\njne #\(architecture.auditValue), l1\nret #0x50009\nl1: ret #0x50008"
      for other in KernelWitness.architectures {
        let outcome = try outcomes(text, getppid(other))
        #expect(outcome == [.refused(other == architecture ? 9 : 8)])
      }
    }
    print("the kernel is asked on \(KernelWitness.architectures)")
  }

  @Test func nothingThatIsAllowedHappens() throws {
    let native = try #require(KernelWitness.native)
    var ends: [Int32] = [0, 0]
    try #require(pipe(&ends) == 0)
    defer { for end in ends { close(end) } }
    try #require(fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0)
    let byte: [UInt8] = [7]
    try byte.withUnsafeBytes { bytes in
      let address = UInt64(UInt(bitPattern: bytes.baseAddress))
      let write = try call("write", [UInt64(ends[1]), address, 1], on: native)
      var received: UInt8 = 0
      // The instrument first: the same call under a filter that allows it does happen.
      let allow = try Program(text: Array("ret #0x7fff0000".utf8))
      let plain = Kernel.call(nr: write.number, write.arguments)
      #expect(try Kernel.answers(to: [plain], filter: allow) == [.result(1)])
      #expect(read(ends[0], &received, 1) == 1 && received == 7)
      #expect(try outcomes("ret #0x7fff0000", write) == [.passed])
      #expect(try outcomes("ret #0x7ffc0000", write) == [.passed])
      #expect(read(ends[0], &received, 1) == -1 && errno == EAGAIN)
    }
  }

  @Test func aWrongProgramIsFound() throws {
    let native = try #require(KernelWitness.native)
    let policy = try policy(
      "deny read if count > 7", "kill write", "log getppid", "deny close with EIO")
    let names = ["read", "write", "getppid", "close"]
    let calls = try names.map { try call($0, [0, 0, 8], on: native) }
    let program = try CompiledPolicy(policy, for: native).program
    let right = try KernelAgreement(of: program, with: policy, native: native, on: calls)
    #expect(right.faults == [] && right.calls == 4 && right.kills == 1)
    // Every return in turn says something else.
    let returns = program.instructions.indices.filter {
      if case .return = program.instructions[$0] { true } else { false }
    }
    #expect(returns.count >= 5)
    for index in returns {
      for answer in [.allowed, .logged, .shownAllowed] as [Instruction] {
        var instructions = program.instructions
        instructions[index] = answer
        let wrong = try Kernel.program(instructions)
        let differs = calls.contains { wrong.run($0.data) != program.run($0.data) }
        let found = try KernelAgreement(of: wrong, with: policy, native: native, on: calls)
        #expect(found.faults.isEmpty != differs, "\(index): \(answer)")
      }
    }
  }

  /// `make fuzz` asks about 20,000.
  @Test(arguments: 0..<4)
  func theKernelAgrees(_ part: Int) {
    let seed = Seeded(24).seed
    var tally = WitnessTally()
    for number in 0..<75 {
      let index = (part * 75 + number) * WitnessCase.kernelStride
      WitnessCase(seed: seed, index: index).run(asksKernel: true, into: &tally)
    }
    for fault in tally.faults { Issue.record("\(fault)") }
    print("on \(KernelWitness.architectures): \(tally)")
    #expect(tally.disagreements == 0 && tally.kernelPolicies > 70 && tally.kills > 0)
  }
}
