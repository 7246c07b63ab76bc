import Testing

@testable import BPFAssembler

/// A program that asks a supervisor must do so exactly where the proven one refuses.
@Suite struct NotifyingTests {
  @Test(arguments: KnownPolicy.presets, Architecture.natives)
  func answersDifferExactlyAtRefusals(preset: KnownPolicy, architecture: Architecture) throws {
    for deniesDebug in [false, true] {
      var preset = preset
      preset.deniesDebug = deniesDebug
      let proven = try CheckedProgram(preset.policy(), for: architecture)
      let asking = try #require(proven.notifying())
      let observing = try #require(proven.notifying(asksAboutKills: true))
      #expect(asking.instructions.count == proven.program.instructions.count)
      var refused = 0
      for data in Self.inputs(architecture) {
        let answer = proven.program.run(data)
        let isRefusal = answer & 0xffff_0000 == SeccompReturn.errno
        refused += isRefusal ? 1 : 0
        #expect(asking.run(data) == (isRefusal ? SeccompReturn.userNotification : answer))
        let isKill = answer == SeccompReturn.killProcess
        #expect(
          observing.run(data) == (isRefusal || isKill ? SeccompReturn.userNotification : answer))
      }
      #expect(refused > 100)
    }
  }

  /// Every number up to beyond the newest, x32 and -1, on every arch, with arguments that matter.
  private static func inputs(_ native: Architecture) -> [SeccompData] {
    let archs = [native.auditValue, native.compat?.auditValue ?? 0, 0x1234_5678]
    let numbers = Array(0...500 as ClosedRange<UInt32>) + [0x4000_0029, 0x000f_0005, 0xffff_ffff]
    let arguments: [[UInt64]] = [
      [1, 1, 0], [1, 2, 0], [2, 1, 0], [16, 3, 0], [16, 3, 9], [0, 0x5412], [1 << 32 | 2, 1],
      [40, 0x80801],
    ]
    return archs.flatMap { arch in
      numbers.flatMap { number in
        arguments.map { SeccompData(nr: number, arch: arch, arguments: $0) }
      }
    }
  }

  @Test func computedAnswersAreNotExchanged() throws {
    let program = try Program([.load(.data(.nr)), .return(.accumulator)])
    #expect(CheckedProgram(provenWhenBuilt: program).notifying() == nil)
  }

  @Test func otherAnswersStay() throws {
    let values: [UInt32] = [
      SeccompReturn.allow, SeccompReturn.log, SeccompReturn.killProcess, 0, 0x0003_0000,
      SeccompReturn.userNotification,
    ]
    for value in values {
      let program = try Program([.return(.constant(value))])
      #expect(CheckedProgram(provenWhenBuilt: program).notifying() == program)
    }
    let refusal = try Program([.return(.constant(0x0005_0fff))])
    let asking = CheckedProgram(provenWhenBuilt: refusal).notifying()
    #expect(asking?.instructions == [.return(.constant(SeccompReturn.userNotification))])
  }

  /// Both parts joined mean both policies, one after the other, for every call there is.
  @Test(arguments: knownPrograms)
  func joinedProgramsMeanBothPolicies(_ known: KnownPolicy, _ native: Architecture) throws {
    let first = try #require(KnownPolicy.all.first { $0.name == "supervision" })
    let (front, back) = (try first.policy(), try known.policy())
    try #require(back.foreign == .compile)
    var both = back
    both.rules = front.rules + back.rules
    both.x32 = front.x32
    let parts = try [first, known].map { try $0.compiled(for: native).program }
    let joined = try #require(parts[0].followed(by: parts[1]))
    try Proof.check(joined, means: both, for: native)
    // The kernel still need not run what both allow by the number alone.
    for syscall in Syscall.known(on: native) {
      let number = try #require(syscall.number(on: native))
      let isFree = ([joined] + parts).map {
        $0.isConstantlyAllowed(nr: number, arch: native.auditValue)
      }
      #expect(isFree[0] == (isFree[1] && isFree[2]), "\(syscall.name)")
    }
  }

  @Test func aProgramThatDoesNotLoadFirstIsNotJoined() throws {
    let allow = try Program([.return(.constant(SeccompReturn.allow))])
    let branch = Instruction.branch(.equal, .constant(0), ifTrue: 0, ifFalse: 0)
    let looking = try Program([branch, .return(.constant(SeccompReturn.allow))])
    #expect(allow.followed(by: looking) == nil)
    #expect(allow.followed(by: allow)?.instructions.count == 2)
    let long = try Program(
      [Instruction](repeating: .load(.data(.nr)), count: 4095) + [.return(.constant(0))])
    #expect(allow.followed(by: long) == nil)
  }
}
