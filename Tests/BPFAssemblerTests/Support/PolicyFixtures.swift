import BPFAssembler
import Testing

/// A policy that comes with the project: a preset, or a historical list under Fixtures.
struct KnownPolicy: Sendable, CustomTestStringConvertible {
  let name: String
  /// What messages and listings call its text.
  let file: String
  let text: [UInt8]

  var testDescription: String { name }

  /// The four presets and the lists that users bring along.
  static let all: [KnownPolicy] =
    Preset.allCases.map {
      KnownPolicy(name: $0.name, file: "\($0.name).policy", text: $0.text)
    }
    + Fixture.all(in: "policies", ".policy").map { fixture in
      // A file that cannot be read is an empty policy, which no test takes.
      let text = (try? fixture.bytes(".policy")) ?? []
      let path = "Fixtures/policies/\(fixture.name).policy"
      return KnownPolicy(name: fixture.name, file: path, text: text)
    }

  func parsed() throws(PolicyError) -> ParsedPolicy { try Policy.parse(text) }

  func compiled(for native: Architecture) throws -> CompiledPolicy {
    try CompiledPolicy(parsed().policy, for: native)
  }

  /// The names that the command line gives the policy, by preset or by path.
  func names() throws(PolicyError) -> PolicyNames {
    PolicyNames(
      policy: Preset(named: name) == nil ? file : name,
      places: try parsed().ruleLines.map { "\(file):\($0)" })
  }
}

/// Every known policy with every native architecture.
let knownPrograms: [(KnownPolicy, Architecture)] = KnownPolicy.all.flatMap { policy in
  Architecture.natives.map { (policy, $0) }
}
