import BPFAssembler
import Testing

/// A policy that comes with the project: a preset, or a historical list under Fixtures.
struct KnownPolicy: Sendable, CustomTestStringConvertible {
  /// The preset, or nil for a list.
  let preset: Preset?
  /// The name of the preset or list.
  let base: String
  /// What messages and listings call its text.
  let file: String
  let text: [UInt8]
  /// Whether `--deny @debug` stands before it, as where a kernel has no Landlock.
  var deniesDebug = false

  /// What its golden files are called.
  var name: String { deniesDebug ? "\(base)-deny-debug" : base }
  var testDescription: String { name }

  private init(_ preset: Preset) {
    self.preset = preset
    base = preset.name
    file = "\(preset.name).policy"
    text = preset.text
  }

  private init(_ fixture: Fixture) {
    preset = nil
    base = fixture.name
    file = "Fixtures/policies/\(fixture.name).policy"
    // A file that cannot be read is an empty policy, which no test takes.
    text = (try? fixture.bytes(".policy")) ?? []
  }

  /// The four presets, those that change where there is no Landlock, and the lists.
  static let all: [KnownPolicy] = {
    let presets = Preset.allCases.map { KnownPolicy($0) }
    var denying = presets.filter { $0.preset != .strict }
    for index in denying.indices { denying[index].deniesDebug = true }
    return presets + denying + Fixture.all(in: "policies", ".policy").map { KnownPolicy($0) }
  }()

  func parsed() throws(PolicyError) -> ParsedPolicy { try Policy.parse(text) }

  /// The policy as it is compiled.
  func policy() throws(PolicyError) -> Policy {
    var policy = try parsed().policy
    if deniesDebug { policy.rules.insert(Policy.Rule(.deny(nil), SyscallGroup.debug.calls), at: 0) }
    return policy
  }

  func compiled(for native: Architecture) throws -> CompiledPolicy {
    try CompiledPolicy(policy(), for: native)
  }

  /// The names that the command line gives the policy, by preset or by path.
  func names() throws(PolicyError) -> PolicyNames {
    let places = try parsed().ruleLines.map { "\(file):\($0)" }
    return PolicyNames(
      policy: preset == nil ? file : base, places: (deniesDebug ? ["--deny"] : []) + places)
  }
}

/// Every known policy with every native architecture.
let knownPrograms: [(KnownPolicy, Architecture)] = KnownPolicy.all.flatMap { policy in
  Architecture.natives.map { (policy, $0) }
}
