internal import BPFAssembler

/// `nonet --hook HOST --install` and `--uninstall`: the host's settings.
struct HookInstallation {
  let options: Options
  let host: HookHost

  private static let backupSuffix = ".nonet-backup"

  /// Puts the hook into the settings, after it has shown the change.
  func install() throws(Failure) {
    let command = try Self.command(options, host)
    // A hook that blocks everything is better refused here than found out by the agent.
    try Hook.check(options, entersNamespace: false)
    let file = try HookFile(host, managed: options.isManaged)
    var changed = file.document
    do throws(HookSettings.SettingsError) {
      try changed.install(command)
      if var settings = changed.settings {
        try addPrefix(to: &settings, file.shown)
        changed = .settings(settings)
      }
    } catch {
      throw HookFile.unusable(file.shown, error)
    }
    try write(changed, in: file, done: "the hook is in \(file.shown)")
    if options.isDryRun { return }
    let others = changed.settings?.others ?? 0
    if others > 0, let warning = host.warningAboutOthers {
      say(
        "warning: \(file.shown) has \(others) other \(host.before.event) "
          + "\(others == 1 ? "hook" : "hooks"), and \(warning)")
    }
    if let note = host.note { say("warning: \(note)") }
    for doubt in HookSwitches.doubts(changed, file.path, host) { say("warning: \(doubt)") }
    say("to see whether it holds, have the agent run nonet --check")
  }

  /// Takes the hook out, after it has shown the change.
  func uninstall() throws(Failure) {
    let file = try HookFile(host, managed: options.isManaged)
    var changed = file.document
    do throws(HookSettings.SettingsError) {
      try changed.uninstall()
    } catch {
      throw HookFile.unusable(file.shown, error)
    }
    if file.document.bytes == changed.bytes {
      say("no hook of nonet was in \(file.shown) already; nothing was changed")
      return
    }
    try write(changed, in: file, done: "the hook was taken out of \(file.shown)")
  }

  /// What the host is to run.
  ///
  /// Whatever happens to the program, even that it is gone, blocks.
  static func command(_ options: Options, _ host: HookHost) throws(Failure) -> String {
    let words = try Hook.words(options)
    let hook = [OptionName.hook.rawValue, host.name].map { Array($0.utf8) }
    let line = ([words[0]] + hook + words.dropFirst()).flatMap {
      ShellText.word($0) + [UInt8(ascii: " ")]
    }
    return String(decoding: line, as: UTF8.self) + "|| exit \(Failure.blockedStatus)"
  }

  /// Puts the prefix beside the hook, or takes it out, and says what it means before it is written.
  private func addPrefix(
    to settings: inout HookSettings, _ shown: String
  ) throws(HookSettings.SettingsError) {
    guard case .claude = host.switches else { return }
    if options.hasNoPrefix { return try settings.uninstallPrefix() }
    guard let prefix = ShellPrefix(options, host)?.prefix else {
      say(
        "without CLAUDE_CODE_SHELL_PREFIX: nonet-shell is not beside nonet, or one of the options is "
          + "taken from a hook alone")
      return try settings.uninstallPrefix()
    }
    switch settings.state(for: prefix) {
    case .installed: return
    case .foreign(let other):
      say("CLAUDE_CODE_SHELL_PREFIX in \(shown) is '\(SafeText.shown(other.utf8))' and stays so")
    case .missing, .differs:
      say(
        "CLAUDE_CODE_SHELL_PREFIX holds where another hook drops the rewritten command, and keeps cd; "
          + "it also confines Claude Code's own hooks and the MCP servers that it starts by a command; "
          + "--no-prefix leaves it out")
    }
    try settings.install(prefix)
  }

  private func write(
    _ document: HookDocument, in file: HookFile, done: String
  ) throws(Failure) {
    let old = file.file.text ?? []
    let new = document.bytes
    // Settings that were not there are no change by themselves.
    if new == file.document.bytes {
      say("\(done) already; nothing was changed")
      return
    }
    try printOut(LineDifference.text(from: old, to: new, name: file.shown))
    if options.isDryRun {
      say("--dry-run: nothing was changed")
      return
    }
    do throws(SystemError) {
      try file.file.replace(with: new, keepingOldWith: Self.backupSuffix)
    } catch {
      throw error.number == ESTALE
        ? .refused(
          "\(file.shown) was changed by somebody else meanwhile; nothing was written, try again")
        : .system(error, "\(file.shown) was not changed")
    }
    say(done + (file.file.text == nil ? "" : "; as it was: \(file.shown)\(Self.backupSuffix)"))
  }
}
