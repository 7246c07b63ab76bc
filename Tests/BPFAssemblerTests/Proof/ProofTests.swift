import Testing

@testable import BPFAssembler

@Suite struct ProofTests {
  /// Denies `connect` everywhere and reads nothing but numbers.
  private static let noConnect = Policy(
    defaultVerdict: .allow, foreign: .verdict(.kill), rules: rules("connect"))

  private static func rules(_ name: String) -> [Policy.Rule] {
    Syscall(named: name).map { [Policy.Rule(.deny(nil), [$0])] } ?? []
  }

  private func check(
    _ text: String, _ policy: Policy = noConnect, limit: Int = Proof.mostSteps
  ) throws -> Int {
    let program = try Program(text: Array(text.utf8))
    return try Proof.check(program, means: policy, for: .x86_64, limit: limit)
  }

  @Test(arguments: GoldenPolicy.all, Architecture.natives)
  func everyPresetAndListIsProven(golden: GoldenPolicy, native: Architecture) throws {
    let policy = try Policy.parse(golden.text).policy
    let program = try CompiledPolicy(policy, for: native).program
    let checked = try CheckedProgram(program, means: policy, for: native)
    #expect(checked.program == program && checked.doubt == nil)
  }

  /// `ld [4]` and so on until only connect, x32 and the skipped number remain.
  private static func filter(_ connect: String) -> String {
    """
    ld [4] jeq #0xc000003e, ours ret #0x80000000
    ours: ld [0] jeq #0xffffffff, allow jge #0x40000000, x32
    jge #548, others jge #512, x32 others: \(connect)
    allow: ret #0x7fff0000
    x32: ret #0x50026
    deny: ret #0x5000d
    """
  }

  @Test(arguments: [
    "jeq #42, deny",
    "jgt #42, allow jgt #41, deny",
    // X, scratch slots and arithmetic on constants are followed too.
    "ldx #42 jeq x, deny",
    "st M[3] ld #84 rsh #1 tax ld M[3] jeq x, deny",
    "xor #42 jeq #0, deny",
    "or #42 jeq #42, look jmp allow look: ld [0] jeq #42, deny",
    "and #0xff jeq #42, look jmp allow look: ld [0] and #0xffffff00 jeq #0, deny",
    "ldx #0 jeq #42, die jmp allow die: ld #5 ld #0x5000d tax txa ret a",
  ])
  func rightProgramsAreProven(connect: String) throws {
    #expect(try check(Self.filter(connect)) > 0)
  }

  @Test(arguments: [
    ("jeq #43, deny", 42), ("jge #42, deny", 43), ("and #0xff jeq #42, deny", 0x12a),
    ("jset #42, deny", 40), ("jmp allow", 42), ("ld [16] jeq #42, deny", 0),
    ("ldx #0 jeq #42, die jmp allow die: div x ret #0x5000d", 42),
    ("ld [8] jeq #7, deny ld [0] jeq #42, deny", 0),
    // The result of this is no view of one word; a call shows that it is wrong all the same.
    ("add #1 jeq #42, deny", 42), ("neg jeq #42, deny", 42),
  ])
  func wrongProgramsAreDisprovedByACall(connect: String, number: UInt32) throws {
    guard case .disproved(let found) = try error(Self.filter(connect)) else {
      Issue.record("not disproved: \(connect)")
      return
    }
    #expect(found.call.number == number, "\(connect): \(found)")
  }

  private func error(_ text: String, limit: Int = Proof.mostSteps) throws -> ProofError? {
    let program = try Program(text: Array(text.utf8))
    do throws(ProofError) {
      try Proof.check(program, means: Self.noConnect, for: .x86_64, limit: limit)
      return nil
    } catch {
      return error
    }
  }

  @Test func aProofThatComesToNoEndSaysWhy() throws {
    let right = Self.filter("jeq #42, deny")
    let steps = try check(right)
    #expect(try error(right, limit: steps) == nil)
    let program = try Program(text: Array(right.utf8))
    let count = program.instructions.count
    #expect(
      try error(right, limit: steps - 1)
        == .undecided(
          Proof.Undecided(reason: .tooManyCases(steps: steps - 1), rules: 1, instructions: count)))
    // Right for every call that is tried, but what the addition makes of nr is not followed.
    let strange = Self.filter("ld [0] add #0 jeq #42, deny")
    guard case .undecided(let doubt) = try error(strange) else {
      Issue.record("decided")
      return
    }
    #expect(doubt.reason == .instruction(index: 9))
    let text = try Program(text: Array(strange.utf8))
    let checked = try CheckedProgram(
      text, means: Self.noConnect, for: .x86_64, acceptsUndecided: true)
    #expect(checked.doubt == doubt)
  }

  @Test func moreMasksThanAreFollowedAreSaid() throws {
    // No mask holds another one, so that no rule decides another.
    let masks = (0..<(1 << 10) as Range<UInt64>).filter { $0.nonzeroBitCount == 5 }.prefix(130)
    let rules = masks.map { bits in
      let mask = Policy.Value.number(bits)
      return Policy.Rule(
        .kill, Syscall(named: "read").map { [$0] } ?? [],
        if: .comparison(Policy.Comparison(.lowWord(1), mask: mask, .equal(mask))))
    }
    let policy = Policy(defaultVerdict: .allow, rules: rules)
    let program = try CompiledPolicy(policy, for: .x86_64).program
    do throws(ProofError) {
      try Proof.check(program, means: policy, for: .x86_64)
      Issue.record("proven")
    } catch {
      guard case .undecided(let doubt) = error else {
        Issue.record("\(error)")
        return
      }
      #expect(doubt.reason == .tooManyMasks(SeccompData.Argument.arg1.low))
      #expect(
        doubt.description == "args[1] is looked at under more than 64 masks (130 rules, "
          + "\(program.instructions.count) instructions)")
    }
  }

  @Test func whatIsDisprovedIsNeverLetThrough() throws {
    let wrong = try Program(text: Array(Self.filter("jeq #43, deny").utf8))
    #expect(throws: ProofError.self) {
      try CheckedProgram(wrong, means: Self.noConnect, for: .x86_64, acceptsUndecided: true)
    }
  }

  @Test func aCounterexampleReadsWell() throws {
    let error = try error(Self.filter("jmp allow"))
    #expect(
      error?.description
        == "on x86_64 connect(0, 0, 0, 0, 0, 0) from 0: the policy says 'deny with EACCES', "
        + "the program answers 0x7fff0000")
    let all = try self.error("ret #0x80000000")
    #expect(
      all?.description
        == "on x86_64 read(0, 0, 0, 0, 0, 0) from 0: the policy says 'allow', "
        + "the program answers 0x80000000")
  }
}
