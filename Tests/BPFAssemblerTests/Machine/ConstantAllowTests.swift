import BPFAssembler
import Testing

@Suite struct ConstantAllowTests {
  private static let arch: UInt32 = 0xc000_003e

  private func isFree(_ text: String, nr: UInt32 = 5, arch: UInt32 = arch) throws -> Bool {
    try Program(text: Array(text.utf8)).isConstantlyAllowed(nr: nr, arch: arch)
  }

  @Test func onlyPlainAllowIsFree() throws {
    #expect(try isFree("ret #0x7fff0000"))
    let others = [
      "0", "0x30000", "0x50001", "0x7fc00000", "0x7ff00000", "0x7ffc0000", "0x80000000",
    ]
    for verdict in others + ["0x7fff0001", "0x7fffffff", "0xffff0000"] {
      #expect(try !isFree("ret #\(verdict)"))
    }
  }

  @Test func anAllowOutOfAIsNotFree() throws {
    #expect(try !isFree("ld #0x7fff0000 ret a"))
    #expect(try !isFree("ld [0] ret a", nr: 0x7fff_0000))
  }

  @Test func theWalkFollowsWhatTheKernelFollows() throws {
    let dispatch = """
      ld [4]
      jeq #0xc000003e, number
      ret #0x80000000
      number: ld [0]
      jgt #100, denied
      and #0xf
      jset #8, denied
      jge #7, denied
      jmp allowed
      denied: ret #0x50001
      allowed: ret #0x7fff0000
      """
    let free = try (0...120).filter { try isFree(dispatch, nr: $0) }
    #expect(free == (0...100).filter { $0 & 8 == 0 && $0 & 0xf < 7 })
    #expect(try !isFree(dispatch, nr: 0, arch: 0x4000_0003))
  }

  @Test(arguments: [
    "ld [8]", "ld [16]", "ld [60]", "ld #0", "ld #len", "ldx #0", "ldx #len", "tax", "txa", "neg",
    "st M[0]", "stx M[0]", "st M[0] ld M[0]", "add #0", "sub #0", "mul #1", "div #1", "or #0",
    "xor #0", "lsh #0", "rsh #0", "and x", "jeq x, next", "jge x, next", "jgt x, next",
    "jset x, next",
  ])
  func anythingElseOnTheWaySpoilsIt(_ instruction: String) throws {
    #expect(try isFree("ld [0] next: ret #0x7fff0000"))
    #expect(try !isFree("\(instruction) next: ret #0x7fff0000"))
  }

  @Test func onlyTheWayOfThatNumberMatters() throws {
    let filter = """
      ld [0]
      jeq #41, socket
      ret #0x7fff0000
      socket: ld [16]
      jeq #1, allowed
      ret #0x5000d
      allowed: ret #0x7fff0000
      """
    #expect(try (0...400).filter { try !isFree(filter, nr: $0) } == [41])
    // One load of an argument before the dispatch and no call is free any more.
    #expect(try (0...400).allSatisfy { try !isFree("ld [16] \(filter)", nr: $0) })
  }

  @Test func aStartsAsZero() throws {
    #expect(try isFree("jeq #0, yes ret #0 yes: ret #0x7fff0000"))
    #expect(try !isFree("jeq #5, yes ret #0 yes: ret #0x7fff0000"))
  }

  @Test func whatIsFreeIsAllowedWhateverTheArguments() throws {
    var random = Seeded(2)
    for _ in 0..<200 {
      let program = try random.program()
      for _ in 0..<20 {
        let call = random.call()
        guard program.isConstantlyAllowed(nr: call.nr, arch: call.arch) else { continue }
        #expect(program.run(call) == 0x7fff_0000, "\(random.testDescription)")
      }
    }
  }
}
