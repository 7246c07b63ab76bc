import BPFAssembler
import Testing

@testable import nonet

/// The built-in filters, with which a command starts without parsing, compiling or proving.
@Suite struct PresetTests {
  @Test(arguments: Preset.allCases, Architecture.natives)
  func aFilterIsWhatTheTextCompilesTo(_ preset: Preset, _ native: Architecture) throws {
    let policy = try Policy.parse(preset.text).policy
    let plain = try CheckedProgram(policy, for: native)
    #expect(preset.filter(for: native, deniesDebug: false) == plain)
    var denying = policy
    denying.rules.insert(Policy.Rule(.deny(nil), SyscallGroup.debug.calls), at: 0)
    let filter = preset.filter(for: native, deniesDebug: true)
    #expect(filter == (try CheckedProgram(denying, for: native)))
    // One that denies the calls of @debug by itself needs no second filter.
    if preset == .strict { #expect(filter == plain) }
  }

  @Test(arguments: Preset.allCases)
  func noOtherArchitectureHasOne(_ preset: Preset) {
    for architecture in Architecture.allCases where architecture.is32Bit {
      #expect(preset.filter(for: architecture, deniesDebug: false) == nil)
      #expect(preset.filter(for: architecture, deniesDebug: true) == nil)
    }
  }

  @Test func namesAreFoundAndKeepTheirOrder() {
    #expect(Preset.allCases.prefix(4).map { $0.name } == ["default", "strict", "unix", "loopback"])
    for preset in Preset.allCases { #expect(Preset(named: preset.name) == preset) }
    #expect(Preset(named: "nosuch") == nil && Preset(named: "") == nil)
  }
}
