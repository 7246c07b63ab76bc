import BPFAssembler
import Testing

@testable import nonet

@Suite struct EnvironmentOptionsTests {
  /// The options of a text, each as it is said.
  private func read(
    _ text: String, for reader: EnvironmentOptions.Reader = .nonet
  ) throws(Failure) -> EnvironmentOptions {
    try EnvironmentOptions(Array(text.utf8), for: reader)
  }

  @Test(arguments: [
    ("", []), ("  ", []), ("-q --policy strict", ["--quiet", "--policy strict"]),
    ("--policy='loopback'", ["--policy loopback"]),
    ("--loopback --hint", ["--loopback", "--hint"]),
    ("--deny @keys --deny socket", ["--deny @keys", "--deny socket"]),
    ("--log '/a b'", ["--log /a b"]), ("--backend seccomp", ["--backend seccomp"]),
  ])
  func whatMayStandThere(text: String, options: [String]) throws {
    for reader in [EnvironmentOptions.Reader.nonet, .shell] {
      #expect(try read(text, for: reader).given.map { $0.words } == options)
    }
  }

  /// Every option that weakens, and every value that does, is refused by both readers.
  @Test(arguments: [
    "--best-effort", "--observe", "--allow ptrace", "--allow-unix inside", "--allow-unix /s",
    "--unproved", "--policy unix", "--policy -", "--backend python", "--backend namespace",
    "--check", "--hook codex", "--report /p", "--from /l", "--arch all", "ls", "--", "-- ls", "'",
    "--log l", "--policy ./x.policy", "--policy x.policy", "--log=", "--loopback --policy strict",
  ])
  func whatMayNot(text: String) {
    for reader in [EnvironmentOptions.Reader.nonet, .shell] {
      #expect(throws: Failure.self) { try read(text, for: reader) }
    }
  }

  @Test func everyOptionThatWeakensIsKnownToTheTableAndNoneStands() throws {
    let weak = OptionName.allCases.filter { $0.weakening == .always }
    #expect(weak.contains(.allow) && weak.contains(.allowUnix) && weak.contains(.observe))
    for name in weak {
      #expect(throws: Failure.self) {
        try read(name.takesValue ? "\(name.rawValue) socket" : name.rawValue)
      }
    }
  }

  /// A shell has no command line, so a file may be named there, by its whole path.
  @Test func policyFiles() throws {
    #expect(throws: Failure.self) { try read("--policy /x.policy") }
    #expect(try read("--policy /x.policy", for: .shell).given.count == 1)
  }

  @Test func theCommandLineIsStronger() throws {
    let environment = try read("--policy strict --errno EPERM --deny socket -q")
    let options = try parsed(["--policy", "unix", "--allow", "socket", "ls"]).joined(
      with: environment)
    #expect(options.preset?.name == "unix" && options.isQuiet)
    // What is said later wins.
    #expect(options.changes.map { $0.verdict } == [.deny(nil), .allow])
    #expect(options.errno.name == "EPERM")
    #expect(
      options.notes == [
        "NONET_OPTIONS: --policy strict is not used, because of --policy unix",
        "NONET_OPTIONS: --errno EPERM --deny socket --quiet",
      ])
    guard case .run(5) = options.mode else {
      Issue.record("another command would run")
      return
    }
  }

  @Test func loopbackAndItsLongFormAgree() throws {
    let options = try parsed(["--policy", "loopback", "ls"]).joined(with: read("--loopback"))
    #expect(options.preset?.name == "loopback" && options.notes == ["NONET_OPTIONS: --loopback"])
    let other = try parsed(["--policy", "default", "ls"]).joined(with: read("--loopback"))
    #expect(other.preset?.name == "default" && other.notes.count == 1)
  }
}
