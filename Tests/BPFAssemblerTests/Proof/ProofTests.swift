import BPFAssembler
import Testing

@Suite struct ProofTests {
  @Test(arguments: Preset.allCases, Architecture.natives)
  func everyPresetIsProven(preset: Preset, native: Architecture) throws {
    let policy = try Policy.parse(preset.text).policy
    let compiled = try CompiledPolicy(policy, for: native)
    let steps = try Proof.check(compiled.program, means: policy, for: native)
    print(preset.name, native, steps)
  }
}
