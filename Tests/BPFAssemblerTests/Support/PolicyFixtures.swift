import BPFAssembler
import Testing

/// A policy that comes with the project: a preset, or a historical list under Fixtures.
struct KnownPolicy: Sendable, CustomTestStringConvertible {
  /// Whether nonet has it built in.
  let isPreset: Bool
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

  private init(_ fixture: Fixture, isPreset: Bool) {
    self.isPreset = isPreset
    base = fixture.name
    file = isPreset ? "\(base).policy" : "Fixtures/policies/\(base).policy"
    // A file that cannot be read is an empty policy, which no test takes.
    text = (try? fixture.bytes(".policy")) ?? []
  }

  /// The presets of nonet.
  static let presets: [KnownPolicy] = Fixture.all(in: presetFolder, ".policy").map {
    KnownPolicy($0, isPreset: true)
  }

  private static let presetFolder = "../Sources/nonet/Presets/Policies"

  /// The presets, those that change where there is no Landlock, and the lists.
  static let all: [KnownPolicy] = {
    var denying = presets.filter { $0.base != "strict" }
    for index in denying.indices { denying[index].deniesDebug = true }
    let lists = Fixture.all(in: "policies", ".policy").map { KnownPolicy($0, isPreset: false) }
    return presets + denying + lists
  }()

  func parsed() throws(PolicyError) -> ParsedPolicy { try Policy.parse(text, named: file) }

  /// The policy as it is compiled.
  func policy() throws(PolicyError) -> Policy {
    var policy = try parsed().policy
    if deniesDebug {
      let place = Policy.Place("--deny")
      policy.rules.insert(Policy.Rule(.deny(nil), SyscallGroup.debug.calls, at: place), at: 0)
    }
    return policy
  }

  func compiled(for native: Architecture) throws -> CompiledPolicy {
    try CompiledPolicy(policy(), for: native)
  }

  /// What the command line calls the policy: a preset or a path.
  var title: String { isPreset ? base : file }
}

/// Every known policy with every native architecture.
let knownPrograms: [(KnownPolicy, Architecture)] = KnownPolicy.all.flatMap { policy in
  Architecture.natives.map { (policy, $0) }
}
