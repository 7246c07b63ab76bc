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
      var doubts = Self.switches(file.document, file.path, host)
      doubts += try Self.doubts(about: command)
      let (words, prefixDoubt) = prefix(file.document.settings, command)
      if let prefixDoubt { doubts.append(prefixDoubt) }
      let state = doubts.isEmpty ? "installed" : "installed, but not to be trusted,"
      try tell(state, file.shown, command, doubts, words)
      return doubts.isEmpty ? 0 : 1
    case .weakened(let weaknesses):
      try tell("changed", file.shown, command, weaknesses, [])
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

  /// What decides besides the entry whether a host asks the hook.
  ///
  /// - Returns: A clause for each thing by which it does not.
  static func switches(_ document: HookDocument, _ path: [UInt8], _ host: HookHost) -> [String] {
    guard let settings = document.settings else { return [] }
    var doubts: [String] = []
    switch host.switches {
    case .none: break
    case .disableAllHooks, .claude:
      if settings.asksNobody { doubts.append("\"disableAllHooks\" is true in it") }
      if case .claude = host.switches { doubts += claude(settings, path, host) }
    case .enabled:
      if settings.isSwitchedOff { doubts.append("\"enabled\" beside it is not true") }
    case .goosePlugin: doubts += goose(path)
    case .codexTrust:
      let folder = PathText.folder(path)
      let position = settings.position ?? (0, 0)
      let files = [path] + (resolved(path).map { [$0] } ?? [])
      let text = contents(folder + Array("/config.toml".utf8)) ?? []
      if let doubt = CodexTrust.doubt(in: text, about: files, at: position) {
        doubts.append(doubt)
      }
    }
    return doubts
  }

  /// What an administrator and a project say to Claude Code.
  private static func claude(
    _ settings: HookSettings, _ path: [UInt8], _ host: HookHost
  ) -> [String] {
    var doubts: [String] = []
    let managed = Array((host.place.managed ?? "").utf8)
    let files: [[UInt8]] = [
      managed, Array(".claude/settings.json".utf8), Array(".claude/settings.local.json".utf8),
    ]
    for name in files where !name.elementsEqual(path) {
      guard let text = contents(name) else { continue }
      let shown = SafeText.shown(name)
      do throws(HookSettings.SettingsError) {
        let other = try HookSettings(text, of: host)
        if other.asksNobody { doubts.append("\"disableAllHooks\" is true in \(shown)") }
        if other.asksManagedOnly, name.elementsEqual(managed) {
          doubts.append("\"allowManagedHooksOnly\" is true in \(shown), so hooks here are skipped")
        }
      } catch {
        doubts.append("\(shown) is not what Claude Code reads: \(error.reason)")
      }
    }
    return doubts
  }

  /// What the user's and a project's settings of goose say of the plug-in, and whether the project has one of
  /// its name, which goose takes instead.
  private static func goose(_ path: [UInt8]) -> [String] {
    var doubts: [String] = []
    let home = environmentValue("HOME") ?? []
    let settings = Array(".config/goose/settings.json".utf8)
    for name in [home + [PathText.slash] + settings, settings] {
      guard let text = contents(name) else { continue }
      do throws(JSONError) {
        let disabled = try JSONDocument(text).root["disabledPlugins"]?.elements ?? []
        if disabled.contains(where: { $0.spells("nonet") }) {
          doubts.append("\"disabledPlugins\" names it in \(SafeText.shown(name))")
        }
      } catch {
        doubts.append("\(SafeText.shown(name)) is not what goose reads")
      }
    }
    let project = ".agents/plugins/nonet"
    // In the user's home it is the user's own.
    let own = resolved(PathText.folder(PathText.folder(path)))
    if let found = resolved(Array(project.utf8)), found != own {
      doubts.append("\(project) of this folder takes its place")
    }
    return doubts
  }

  private static func contents(_ path: [UInt8]) -> [UInt8]? {
    // A project may have put anything there.
    guard isRegularFile(nullTerminated(path)) else { return nil }
    do throws(SystemError) {
      return try Descriptor.ordinary(nullTerminated(path)).contents(limit: 16 << 20)
    } catch {
      return nil
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
