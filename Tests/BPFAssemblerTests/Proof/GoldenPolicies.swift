import BPFAssembler
import Testing

/// The policies whose programs are broken in every way: presets, published lists, and two more.
struct GoldenPolicy: CustomTestStringConvertible, Sendable {
  let name: String
  let text: [UInt8]

  var testDescription: String { name }

  static let all: [GoldenPolicy] =
    KnownPolicy.presets.map { GoldenPolicy(name: $0.name, text: $0.text) }
    + policies(in: "policies") + policies(in: "undecided/broken")

  /// The policies of a folder of fixtures.
  private static func policies(in folder: String) -> [GoldenPolicy] {
    // A file that cannot be read is an empty policy, which no test takes.
    Fixture.all(in: folder, ".policy").map {
      GoldenPolicy(name: $0.name, text: (try? $0.bytes(".policy")) ?? [])
    }
  }
}
