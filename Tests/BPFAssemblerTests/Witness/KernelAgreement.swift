import BPFAssembler

/// Whether the kernel does under a program what a policy means.
struct KernelAgreement {
  /// Calls on which it does not, in words.
  private(set) var faults: [String] = []
  /// How many calls the kernel was asked about.
  private(set) var calls = 0
  /// How many of them it killed.
  private(set) var kills = 0

  private typealias Expected = (call: SystemCall, verdict: Verdict)

  /// Makes the calls that a child of this process can make; the others are left out.
  ///
  /// - Parameters:
  ///   - program: What is installed.
  ///   - policy: What it shall mean.
  ///   - native: The architecture that the program is for; where it is not this one, nothing is
  ///     asked.
  ///   - candidates: The calls.
  ///   - mostCalls: How many of them are made at most.
  ///   - mostKills: How many of these may cost a process each.
  /// - Throws: `Kernel.Surprise` where the children do not do what they are made for.
  init(
    of program: Program, with policy: Policy, native: Architecture, on candidates: [SystemCall],
    mostCalls: Int = .max, mostKills: Int = .max
  ) throws(Kernel.Surprise) {
    guard native == KernelWitness.native else { return }
    var expected: [Expected] = []
    var expectedKills = 0
    for call in candidates where expected.count < mostCalls && KernelWitness.canMake(call) {
      let verdict = policy.verdict(of: call, native: native)
      if verdict == .kill {
        if expectedKills == mostKills { continue }
        expectedKills += 1
      }
      expected.append((call, verdict))
    }
    guard !expected.isEmpty else { return }
    let outcomes = try KernelWitness.outcomes(of: program, expected.map { $0.call })
    calls = expected.count
    kills = outcomes.count { $0 == .killed }
    compare(expected, outcomes) { KernelWitness.Outcome($0, refusal: policy.refusal) }
    let logs = expected.contains { $0.verdict == .log }
    if logs || program.instructions.contains(.logged) {
      try tellLogs(program, expected.filter { [.allow, .log].contains($0.verdict) })
    }
  }

  /// What passes is allowed or logged; a program that shows its ALLOW tells which.
  private mutating func tellLogs(
    _ program: Program, _ passing: [Expected]
  ) throws(Kernel.Surprise) {
    let shown = try Kernel.program(
      program.instructions.map { $0 == .allowed ? .shownAllowed : $0 })
    let outcomes = try KernelWitness.outcomes(of: shown, passing.map { $0.call })
    compare(passing, outcomes) { $0 == .log ? .passed : .shownAllowed }
  }

  private mutating func compare(
    _ expected: [Expected], _ outcomes: [KernelWitness.Outcome],
    _ wanted: (Verdict) -> KernelWitness.Outcome
  ) {
    for (expected, outcome) in zip(expected, outcomes) where outcome != wanted(expected.verdict) {
      faults.append("kernel \(outcome), reference \(expected.verdict) on \(expected.call)")
    }
  }
}
