import BPFAssembler
import Testing

@Suite struct PresetTests {
  @Test(arguments: Preset.allCases)
  func parsesWithoutWarnings(preset: Preset) throws {
    let parsed = try Policy.parse(preset.text)
    #expect(parsed.warnings.isEmpty)
    #expect(try Policy.parse(Array(parsed.policy.text.utf8)).policy == parsed.policy)
  }
}
