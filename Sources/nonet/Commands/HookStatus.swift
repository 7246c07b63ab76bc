internal import BPFAssembler

/// `nonet --hook HOST --status`: whether the host's settings have the hook, and whether it is in force.
struct HookStatus {
  let options: Options
  let host: HookHost

  /// Prints how the settings stand: to the hook with the options that were given, else to the one that is
  /// there.
  ///
  /// - Returns: The exit status: 0 where exactly this hook is installed and holds, else 1.
  func perform() throws(Failure) -> CInt {
    let expected = try HookInstallation.command(options, host)
    let file = try HookFile(host, managed: options.isManaged)
    let hasOptions = options.given.contains { !$0.name.isOfHooks }
    let command = hasOptions ? expected : file.document.command ?? expected
    switch file.document.state(for: command) {
    case .installed:
      var doubts = try Self.doubts(about: file, running: command, host)
      let (words, prefixDoubt) = prefix(file.document.settings, command)
      if let prefixDoubt { doubts.append(prefixDoubt) }
      let state = doubts.isEmpty ? "installed" : "installed, but not to be trusted,"
      try tell(state, file.shown, command, doubts, words)
      return doubts.isEmpty ? 0 : 1
    case .weakened:
      let doubts = try Self.doubts(about: file, running: command, host)
      try tell("changed", file.shown, command, doubts, [])
      return 1
    case .missing:
      try printOut("not installed in \(file.shown)\n")
      return 1
    case .differs(let commands):
      let found = commands.map { "  \(Self.printable($0))\n" }.joined()
      try printOut(
        "differs in \(file.shown)\n\(found)expected\n  \(Self.printable(expected))\n")
      return 1
    }
  }

  /// Why the host may not ask the hook that is there, or it may not hold.
  ///
  /// - Returns: A clause for each reason.
  static func doubts(
    about file: HookFile, running command: String, _ host: HookHost
  ) throws(Failure) -> [String] {
    var doubts: [String] = []
    switch file.document.state(for: command) {
    case .installed: break
    case .weakened(let weaknesses): doubts = weaknesses
    case .differs, .missing: doubts = ["its entries are not those that --install writes"]
    }
    doubts += HookSwitches.doubts(file.document, file.path, host)
    return doubts + (try Self.doubts(about: command))
  }

  private func tell(
    _ state: String, _ shown: String, _ command: String, _ doubts: [String], _ more: [String]
  ) throws(Failure) {
    let reasons = doubts.map { "because \(Self.printable($0))\n" }.joined()
    let words = more.map { "\(Self.printable($0))\n" }.joined()
    try printOut("\(state) in \(shown)\n  \(Self.printable(command))\n\(words)\(reasons)")
  }

  /// What is said of a prefix, and what is wrong with it.
  private func prefix(_ settings: HookSettings?, _ command: String) -> ([String], String?) {
    guard let settings, let hook = Self.options(of: command),
      let prefix = ShellPrefix(hook, host)?.prefix
    else {
      return ([], nil)
    }
    switch settings.state(for: prefix) {
    case .installed: return (["  with CLAUDE_CODE_SHELL_PREFIX \(prefix.shell)"], nil)
    case .missing:
      return (options.hasNoPrefix ? [] : ["  without CLAUDE_CODE_SHELL_PREFIX"], nil)
    case .differs:
      return (
        [], "CLAUDE_CODE_SHELL_PREFIX or NONET_OPTIONS beside it is not what this hook has"
      )
    case .foreign(let other):
      return ([], "CLAUDE_CODE_SHELL_PREFIX is '\(other)', which is none of nonet's")
    }
  }

  /// What is wrong with the line that the host runs.
  private static func doubts(about command: String) throws(Failure) -> [String] {
    let words = HookSettings.words(Array(command.utf8)) ?? []
    guard let program = words.first, program.first == PathText.slash,
      isExecutable(nullTerminated(program))
    else { return ["its program is not there, or is named without its whole path"] }
    var doubts = try TrustedFiles.doubts(about: resolved(program) ?? program)
    let end = [Array("||".utf8), Array("exit".utf8), Array("2".utf8)]
    if !words.suffix(3).elementsEqual(end, by: { $0.elementsEqual($1) }) {
      doubts.append("it does not end in || exit 2, so nothing blocks where nonet is gone")
    } else if options(of: command) == nil {
      doubts.append("its options are none of this nonet's")
    }
    return doubts
  }

  /// The options in the line that a host runs; `nil` where they are wrong.
  static func options(of command: String) -> Options? {
    let words = (HookSettings.words(Array(command.utf8)) ?? []).dropLast(3)
    do throws(Failure) {
      return try OptionParser.parse(words.map { Word(copying: $0) })
    } catch {
      return nil
    }
  }

  /// A command out of a file, safe for a terminal and on one line.
  private static func printable(_ text: String) -> String {
    SafeText.shown(text.utf8)
  }
}
