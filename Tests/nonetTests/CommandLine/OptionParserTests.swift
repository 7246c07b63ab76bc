import BPFAssembler
import Testing

@testable import nonet

/// Words as the kernel hands them over, for the parser, which keeps pointers.
func words(_ texts: [String]) -> [Word] { texts.map { Word(copying: Array($0.utf8)) } }

/// What a command line is understood as; `nonet` stands before it.
func parsed(_ texts: [String]) throws(Failure) -> Options {
  try OptionParser.parse(words(["nonet"] + texts))
}

/// The sentence with which a command line is refused; `nil` where it is understood.
func refusal(of texts: [String]) -> String? {
  do throws(Failure) {
    _ = try parsed(texts)
    return nil
  } catch {
    #expect(error.status == 125 && !error.message.isEmpty)
    return error.message
  }
}

@Suite struct OptionParserTests {
  @Test(arguments: [
    (["ls"], 1), (["--", "ls"], 2), (["--", "--policy"], 2), (["-q", "ls", "-v"], 2),
    (["--policy", "strict", "ls"], 3), (["--policy=strict", "--", "ls"], 3), (["-"], 1), ([""], 1),
    (["--log", "-", "ls"], 3), (["--errno", "1", "--", "--"], 4),
  ])
  func theCommandBeginsAtTheFirstWordThatIsNoOption(texts: [String], index: Int) throws {
    guard case .run(index) = try parsed(texts).mode else {
      Issue.record("\(texts) runs something else")
      return
    }
  }

  @Test func eachOptionFillsWhatItIsAbout() throws {
    let options = try parsed([
      "--deny", "connect,@keys", "--allow", "ptrace", "--errno", "EPERM", "--unproved",
      "--backend", "seccomp", "--offline", "--log", "l", "--log-dir", "d", "--hint",
      "--allow-unix", "inside", "--allow-unix=/s", "-q", "-v", "--best-effort", "ls",
    ])
    #expect(options.changes.map { $0.verdict } == [.deny(nil), .allow])
    #expect(options.changes[0].items.map { $0.word } == ["connect", "@keys"])
    #expect(options.errno == Errno(named: "EPERM"))
    #expect(options.acceptsUnproved && options.isOffline && options.isHinting)
    #expect(options.isQuiet && options.isVerbose && options.isBestEffort && !options.isObserving)
    #expect(options.backend == .seccomp)
    #expect(options.log?.text == "l" && options.logDirectory?.text == "d")
    #expect(options.allowedUnix.map { $0.text } == ["inside", "/s"])
    #expect(options.given.count == 14)
  }

  @Test(arguments: [
    (["--loopback"], "loopback"), (["--policy", "unix"], "unix"),
    (["--loopback", "--policy", "loopback"], "loopback"),
    (["--policy=strict", "--policy=strict"], "strict"),
  ])
  func policies(texts: [String], name: String) throws {
    #expect(try parsed(texts + ["ls"]).preset?.name == name)
  }

  @Test(arguments: [
    (["--dump-bpf"], "dump"), (["--explain", "--arch", "all"], "explain"), (["--check"], "check"),
    (["--hook", "codex"], "hook codex answer"),
    (["--hook", "codex", "--install", "--dry-run"], "hook codex install"),
    (["-h"], "help(isShort: true)"), (["--help"], "help(isShort: false)"),
    (["--version"], "version"),
    (["--check", "--help"], "help(isShort: false)"),
    (["--names", "errno"], "names(nonet.OptionKind.errno)"),
    (["--print-policy", "unix"], "printPolicy unix"),
  ])
  func modes(texts: [String], name: String) throws {
    let found =
      switch try parsed(texts).mode {
      case .hook(let host, let action): "hook \(host.name) \(action)"
      case .printPolicy(let preset): "printPolicy \(preset.name)"
      case let mode: "\(mode)"
      }
    #expect(found == name)
  }

  @Test(arguments: [
    ([], "no command was given"), (["--log", "true"], "'true' was taken as the value of --log"),
    (["--polcy", "x"], "did you mean '--policy'?"), (["--policy"], "needs a value"),
    (["--policy", "--", "ls"], "'--' is an option"),
    (["--policy", "-q", "ls"], "'-q' is an option"),
    (["--policy=", "ls"], "--policy: no preset"), (["--log=", "ls"], "the value is empty"),
    (["--quiet=yes", "ls"], "takes no value"),
    (["--policy", "defautl", "ls"], "did you mean 'default'?"),
    (
      ["--policy", "unix", "--policy", "strict", "ls"],
      "exclude each other: a command has one policy"
    ),
    (["--loopback", "--policy", "strict", "ls"], "layers namespace"),
    (["--policy", "strict", "--loopback", "ls"], "--policy strict and --loopback exclude"),
    (["--errno", "EPERM", "--errno", "EIO", "ls"], "said twice, with 'EPERM' and 'EIO'"),
    (["--dump-bpf", "--explain"], "exclude each other"),
    (["--dump-bpf", "ls"], "takes no command"),
    (["--arch", "all", "ls"], "--arch is for --dump-bpf, --explain, --diff and --check-policy"),
    (
      ["--format", "json", "ls"],
      "--format is for --dump-bpf, --explain, --check, --check-policy and --why TARGET"
    ),
    (["--hook", "codex", "--format", "json"], "--format is for"),
    (["--install", "ls"], "--install is for --hook HOST"),
    (["--hook", "codex", "--install", "--status"], "exclude each other"),
    (["--hook", "codex", "--dry-run"], "--dry-run is for --install"),
    (["--check", "--arch", "all"], "--arch is for"), (["--from", "l"], "--from is for --report"),
    (["--report", "true"], "'true' was taken as the value of --report"),
    (["--report", "p", "--check"], "exclude each other"),
    (["--names", "file"], "--names: expected"),
    (["--print-policy", "./x.policy"], "no preset is called"),
    (["--hook", "claude"], "claude-code"),
    (["--deny", "conect", "ls"], "did you mean 'connect'?"),
    (["-x", "ls"], "no option is called '-x'"),
  ])
  func refusals(texts: [String], says: String) throws {
    let sentence = try #require(refusal(of: texts))
    #expect(sentence.contains(says), "\(sentence)")
  }

  /// The table and the parser agree on every option there is.
  @Test(arguments: OptionName.allCases)
  func everyOption(name: OptionName) throws {
    #expect(OptionName(name.rawValue) == name)
    let value = "\u{1}"
    let attached = refusal(of: ["\(name.rawValue)=\(value)", "ls"])
    // Letters take nothing behind a =, so there it is another word.
    let says = name.rawValue.hasPrefix("--") ? "takes no value" : "no option is called"
    #expect((name.takesValue || name.mayTakeValue) != (attached?.contains(says) == true))
    #expect(name.takesValue == (refusal(of: [name.rawValue])?.contains("needs a value") == true))
    #expect(!name.isOfHooks || !name.isForEveryCommand)
  }

  @Test(arguments: OptionKind.allCases)
  func names(kind: OptionKind) {
    let names = kind.names
    #expect(names?.isEmpty != true && Set(names ?? []).count == names?.count ?? 0)
    #expect(names == nil || kind == .kind || OptionKind.kind.names?.contains(kind.rawValue) == true)
  }

  @Test(arguments: [
    ([], false), (["--hook"], true), (["--hook=x"], true), (["--polcy", "--hook"], true),
    (["--", "--hook"], false), (["--hooks"], false),
  ])
  func whatWasMeantAsAHook(texts: [String], isHook: Bool) {
    #expect(OptionParser.isMeantAsHook(words(["nonet"] + texts)) == isHook)
  }

  /// `-h` fits a terminal of 24 lines and 80 columns, with the prompt below it.
  @Test func theShortHelpIsOneScreen() {
    let lines = HelpText.short.split(separator: "\n", omittingEmptySubsequences: false)
    #expect(lines.count - 1 <= 23)
    #expect(lines.allSatisfy { $0.count <= 80 })
    #expect(HelpText.full.split(separator: "\n").allSatisfy { $0.count <= 100 })
  }
}
