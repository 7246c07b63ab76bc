import BPFAssembler
import Testing

/// The running kernel as the third witness of compiled policies.
@Suite(.enabled(if: Kernel.takesFilters, "this system lets no process install a filter"))
struct KernelWitnessTests {
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
