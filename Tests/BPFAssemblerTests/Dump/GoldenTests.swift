import BPFAssembler
import Testing

/// Whole files for every preset and list; `make goldens` writes them anew.
@Suite struct GoldenTests {
  private func golden(_ policy: KnownPolicy, _ native: Architecture) -> Fixture {
    Fixture(folder: "golden", name: "\(policy.name).\(native.name)")
  }

  @Test(arguments: knownPrograms)
  func theFilesAreWhatTheLibraryMakes(_ policy: KnownPolicy, _ native: Architecture) throws {
    let dump = try Dump([policy.compiled(for: native)], name: policy.title)
    let golden = golden(policy, native)
    #expect(dump.bytes(.raw) == (try golden.bytes(".raw")), "run make goldens")
    #expect(
      String(decoding: dump.bytes(.listing), as: UTF8.self) == (try golden.text(".listing")),
      "run make goldens")
  }

  @Test(arguments: knownPrograms)
  func theAssemblersTextGivesTheSameBytes(_ policy: KnownPolicy, _ native: Architecture) throws {
    let bytes = try golden(policy, native).bytes(".raw")
    let program = try Program(bytes: bytes)
    #expect(try Program(text: Array(program.text.utf8)).bytes == bytes)
    // A listing has the fields of each instruction between the line's number and the mnemonic.
    let listing = try golden(policy, native).text(".listing")
    let lines = listing.split(separator: "\n").filter { $0.first != ";" }
    let fields = lines.map { line in
      line.split(separator: " ").dropFirst().prefix(4).map { UInt32($0, radix: 16) }
    }
    let expected = program.rawInstructions.map { raw in
      [UInt32(raw.code), UInt32(raw.jt), UInt32(raw.jf), raw.k]
    }
    #expect(fields == expected)
  }

  @Test func everyFileHasItsPolicy() {
    let names = knownPrograms.map { "\($0.name).\($1.name)" }.sorted()
    #expect(Fixture.all(in: "golden", ".raw").map { $0.name } == names)
    #expect(Fixture.all(in: "golden", ".listing").map { $0.name } == names)
  }
}
