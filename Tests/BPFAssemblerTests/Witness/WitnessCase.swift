import BPFAssembler

/// One random policy before its witnesses; seed and index are all that it takes to have it again.
struct WitnessCase {
  let seed: UInt64
  let index: Int
  let policy: Policy
  /// The architecture that the policy is compiled for.
  let native: Architecture
  private var random: Seeded

  /// Every so many cases the kernel is asked too.
  static let kernelStride = 50

  init(seed: UInt64, index: Int) {
    self.seed = seed
    self.index = index
    var generator = PolicyGenerator(Seeded(seed: seed, case: index))
    generator.isText = false
    generator.hasMasks = !generator.random.once(in: 3)
    native =
      KernelWitness.native.flatMap { index % Self.kernelStride == 0 ? $0 : nil }
      ?? Architecture.natives[index % 2]
    // Large policies cost as much as many small ones and show less.
    let most = generator.random.once(in: 50) ? 200 : 20
    let count = Int.random(in: 1...most, using: &generator.random)
    policy =
      generator.random.once(in: 20)
      ? generator.policyOfFlags(rules: min(count, 8)) : generator.policy(rules: count)
    random = generator.random
  }

  /// The limit of a proof here; what takes more is counted and not waited for.
  private static let mostProofSteps = 1_000_000

  /// Compares reference, interpreter, proof and, where `asksKernel`, the kernel.
  func run(asksKernel: Bool, into tally: inout WitnessTally) {
    let compiled: CompiledPolicy
    do throws(CompilerError) {
      compiled = try CompiledPolicy(policy, for: native)
    } catch {
      guard case .tooLong = error else { return tally.fault(describe("\(error)")) }
      tally.tooLong += 1
      return
    }
    var inputs = PolicyInputs(policy, native, random)
    let calls = inputs.calls(perRule: 2)
    interpret(compiled, calls, &tally)
    prove(compiled, &tally)
    if asksKernel { askKernel(compiled, calls, &tally) }
  }

  private func interpret(
    _ compiled: CompiledPolicy, _ calls: [SystemCall], _ tally: inout WitnessTally
  ) {
    var seen = Array(repeating: false, count: compiled.program.instructions.count)
    func compare(_ call: SystemCall) {
      let answer = compiled.program.run(call.data) { seen[$0] = true }
      let verdict = policy.verdict(of: call, native: native)
      if answer == policy.action(verdict) { return }
      tally.fault(describe("interpreter \(hex(answer)), reference \(verdict) on \(call)"))
    }
    for call in calls { compare(call) }
    // What the policy's own limits do not touch, the program's branches lead to.
    let found = Witnesses(compiled.program, seen: seen)
    for call in found.calls { compare(call) }
    if seen.indices.filter({ !seen[$0] }) != found.unseen {
      tally.fault(describe("instructions were executed that seemed unreachable, or the reverse"))
    }
    tally.policies += 1
    tally.calls += calls.count + found.calls.count
    tally.instructions += seen.count
    if found.isComplete {
      tally.unreachable += found.unseen.count
    } else {
      tally.undecided += found.unseen.count
    }
  }

  private func prove(_ compiled: CompiledPolicy, _ tally: inout WitnessTally) {
    do throws(ProofError) {
      try Proof.check(
        compiled.program, means: policy, for: native, limit: Self.mostProofSteps)
      tally.proven += 1
    } catch {
      switch error {
      case .undecided(let undecided):
        guard case .tooManyCases = undecided.reason else {
          return tally.fault(describe("proof: \(error)"))
        }
        tally.unproven += 1
        if tally.open.count < 20 { tally.open.append(describe("left open by the proof")) }
      case .disproved: tally.fault(describe("proof: \(error)"))
      }
    }
  }
}

extension WitnessCase {
  /// How many calls the kernel is asked about, and how many of them at the cost of a process each.
  private static let mostCalls = 120
  private static let mostKills = 12

  private func askKernel(
    _ compiled: CompiledPolicy, _ calls: [SystemCall], _ tally: inout WitnessTally
  ) {
    var random = random
    do throws(Kernel.Surprise) {
      let agreement = try KernelAgreement(
        of: compiled.program, with: policy, native: native, on: calls.shuffled(using: &random),
        mostCalls: Self.mostCalls, mostKills: Self.mostKills)
      for fault in agreement.faults { tally.fault(describe(fault)) }
      tally.kernelPolicies += 1
      tally.kernelCalls += agreement.calls
      tally.kills += agreement.kills
    } catch {
      tally.fault(describe("kernel: \(error)"))
    }
  }

  private func hex(_ number: UInt32) -> String { "0x" + String(number, radix: 16) }

  private func describe(_ fault: String) -> String {
    "NONET_SEED=\(seed) NONET_FUZZ_CASE=\(index) (\(native)): \(fault)\n\(policy.text)"
  }
}
