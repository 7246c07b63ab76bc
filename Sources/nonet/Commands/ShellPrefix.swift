internal import BPFAssembler

/// nonet-shell before every command of a host, with the options of its hook.
///
/// Claude Code splits `CLAUDE_CODE_SHELL_PREFIX` at its last ` -`, so the options stand in a variable of
/// their own. The host puts it before its hooks too, which is how a hook sees that it works.
struct ShellPrefix {
  let prefix: HookSettings.Prefix
  private let host: HookHost
  /// The preset that confines commands behind the prefix; `nil` where more than that was asked for, so
  /// that what NONET says of an outer nonet would not tell.
  private let preset: Preset?

  /// Newer versions of Claude Code tell commands in which conversation they are by this variable.
  private static let session = "env:CLAUDE_CODE_SESSION_ID"

  /// The prefix for a hook with these options; `nil` where the host has none, nonet-shell is not beside
  /// nonet, or an option is of those that a variable may not say.
  init?(_ options: Options, _ host: HookHost) {
    guard case .claude = host.switches, let program = OwnProgram.path else { return nil }
    let shell = PathText.folder(program) + Array("/nonet-shell".utf8)
    guard OwnProgram.isFile(shell), firstInvalidUTF8(in: shell) == nil,
      !shell.contains(" -"), shell.allSatisfy({ $0 != UInt8(ascii: "'") })
    else { return nil }
    let given = options.given.filter { !$0.name.isOfHooks }
    if given.contains(where: { $0.takesProtectionAway(for: .shell) }) { return nil }
    do throws(SystemError) {
      let words =
        try Options.words(of: given) + Hook.session(of: options, Array(Self.session.utf8))
        + Hook.added(to: options).map { Array($0.rawValue.utf8) }
      let text = words.map { ShellText.word($0) }.joined(separator: [UInt8(ascii: " ")])
      prefix = HookSettings.Prefix(
        shell: String(decoding: ShellText.word(shell), as: UTF8.self) + " -c",
        options: String(decoding: Array(text), as: UTF8.self))
    } catch {
      return nil
    }
    self.host = host
    let plain: [OptionName] = [.policy, .loopback, .offline, .hint, .quiet, .verbose]
    preset = given.allSatisfy { plain.contains($0.name) } ? options.preset : nil
  }

  /// Whether the kernel shows that this process is confined, the host was told this very prefix, and its
  /// settings say it with the same options.
  ///
  /// What the variable NONET says is never a reason to believe it, since anybody can write it, but one
  /// not to: inside another nonet nonet-shell does not use its options. A project may have set a variable
  /// otherwise, too.
  var holds: Bool {
    guard let preset,
      environmentValue("CLAUDE_CODE_SHELL_PREFIX")?.elementsEqual(prefix.shell.utf8) == true,
      environmentValue("NONET_OPTIONS")?.elementsEqual(prefix.options.utf8) == true,
      environmentValue("NONET")?.starts(with: "\(preset.name):".utf8) == true,
      InsideFinding().isConfined
    else { return false }
    do throws(Failure) {
      let file = try HookFile(host, managed: false)
      return file.document.settings?.state(for: prefix) == .installed
    } catch {
      return false
    }
  }
}

/// What nonet says to an agent whose command has failed.
enum Refusal {
  /// The beginning of the line by which `--hint` says what was refused.
  private static let mark = "nonet: network is blocked here by policy "
  /// How much of that line is told.
  private static let longest = 240

  /// What the agent is told of a command that failed.
  ///
  /// - Parameter error: What the host says of the command, with what the command wrote.
  /// - Returns: One sentence and what follows from it; `nil` where nothing was refused.
  static func reason(in error: [UInt8]) -> String? {
    guard
      let start = error.indices.last(where: { error[$0...].starts(with: mark.utf8) })
    else { return nil }
    let line = error[start...].prefix { $0 != 0x0a && $0 != 0x0d }.dropFirst("nonet: ".utf8.count)
    let shown = SafeText.shown(Array(line.prefix(longest)))
    return "[nonet:refused] \(shown). This is a rule of the sandbox and no fault of the network: "
      + "neither a retry nor a proxy or a mirror will help. Go on without it, or ask the user."
  }
}
