import Testing

/// What `make fuzz` runs: cases beyond count, each before all of its witnesses.
@Suite struct LongRunTests {
  private static let wanted = LongRun()

  @Test(.enabled(if: wanted != nil, "`make fuzz` asks for it"))
  func theWitnessesAgree() async throws {
    let run = try #require(Self.wanted)
    let asksKernel = KernelWitness.native != nil && Kernel.takesFilters
    if !asksKernel {
      print("the kernel is not asked: this system lets no process install a filter")
    }
    print("NONET_SEED=\(run.seed), kernel: \(KernelWitness.architectures)")
    let (tally, parts) = await run.run { seed, index, tally in
      let isOfKernel = asksKernel && index % WitnessCase.kernelStride == 0
      WitnessCase(seed: seed, index: index).run(asksKernel: isOfKernel, into: &tally)
      var texts = RandomText(Seeded(seed: seed, case: ~index))
      tally.texts += 1
      switch RandomText.result(of: texts.text()) {
      case .accepted: tally.accepted += 1
      case .refused: break
      case .fault(let fault):
        tally.fault("NONET_SEED=\(seed) NONET_FUZZ_CASE=\(index), text: \(fault)")
      }
    }
    print("from NONET_SEED=\(run.seed), \(parts) parts:\n\(tally)")
    for policy in tally.open { print(policy) }
    for fault in tally.faults { Issue.record("\(fault)") }
    #expect(tally.disagreements == 0)
    #expect(tally.policies > 0 && (!asksKernel || tally.kernelPolicies > 0 || run.isOneCase))
  }
}
