import BPFAssembler
import Testing

/// What the parser says about a text, as data: NAME.policy and the whole of it in NAME.expected.
@Suite struct DiagnosticTests {
  private static let invalid = Fixture.all(in: "policies/invalid", ".policy")
  private static let warned = Fixture.all(in: "policies/warned", ".policy")

  private func output(_ diagnostics: [PolicyDiagnostic], _ fixture: Fixture) -> String {
    diagnostics.map { $0.text(name: "\(fixture.name).policy") + "\n" }.joined()
  }

  @Test(arguments: invalid)
  func anInvalidPolicy(_ fixture: Fixture) throws {
    let text = try fixture.bytes(".policy")
    let error = #expect(throws: PolicyError.self) { try Policy.parse(text) }
    let said = output(error?.diagnostics ?? [], fixture)
    #expect(said == (try fixture.text(".expected")))
    #expect(error?.diagnostics.allSatisfy { $0.severity == .error } == true)
    // Nothing in a policy can drive the terminal of whoever reads about it.
    #expect(said.utf8.allSatisfy { (0x20...0x7e).contains($0) || $0 == 0x0a || $0 == 0x09 })
  }

  @Test(arguments: warned)
  func aPolicyWithWarnings(_ fixture: Fixture) throws {
    let parsed = try Policy.parse(fixture.bytes(".policy"))
    #expect(output(parsed.warnings, fixture) == (try fixture.text(".expected")))
    #expect(parsed.warnings.allSatisfy { $0.severity == .warning })
  }

  @Test(arguments: KnownPolicy.presets)
  func noPresetHasAWarning(_ preset: KnownPolicy) throws {
    #expect(try preset.parsed().warnings.isEmpty)
  }

  @Test func theFixturesAreThere() {
    #expect(Self.invalid.count > 25 && Self.warned.count > 7)
  }
}
