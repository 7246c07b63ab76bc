internal import BPFAssembler

/// `nonet --hook HOST --install`, `--uninstall` and `--status`: the host's settings.
struct HookInstallation {
  let options: Options
  let host: HookHost

  private static let largest = 16 << 20
  private static let backupSuffix = ".nonet-backup"

  /// Puts the hook into the settings, after it has shown the change.
  func install() throws(Failure) {
    let command = try command()
    // A hook that blocks everything is better refused here than found out by the agent.
    try Hook.check(options, entersNamespace: false)
    let (path, file, settings) = try read()
    var changed = settings
    do throws(HookSettings.SettingsError) {
      try changed.install(command)
    } catch {
      throw Self.unusable(path, error)
    }
    try write(changed, in: file, at: path, done: "the hook is in \(path)")
    if changed.others > 0, let warning = host.warningAboutOthers {
      say(
        "warning: \(path) has \(changed.others) other \(host.event) "
          + "\(changed.others == 1 ? "hook" : "hooks"), and \(warning)")
    }
    say("to see whether it holds, have the agent run nonet --check")
  }

  /// Takes the hook out, after it has shown the change.
  func uninstall() throws(Failure) {
    let (path, file, settings) = try read()
    var changed = settings
    do throws(HookSettings.SettingsError) {
      try changed.uninstall()
    } catch {
      throw Self.unusable(path, error)
    }
    try write(changed, in: file, at: path, done: "no hook of nonet is in \(path)")
  }

  /// Prints how the settings stand.
  ///
  /// - Returns: The exit status: 0 where exactly this hook is installed and holds, else 1.
  func status() throws(Failure) -> CInt {
    let command = try command()
    let (path, _, settings) = try read()
    let expected = "  \(Self.printable(command))\n"
    switch settings.state(for: command) {
    case .installed:
      var doubts = settings.asksNobody ? ["\"disableAllHooks\" is true in it"] : []
      doubts += try TrustedFiles.doubts(about: try Hook.words(options)[0])
      try tell(
        doubts.isEmpty ? "installed" : "installed, but not to be trusted,", path, command, doubts)
      return doubts.isEmpty ? 0 : 1
    case .weakened(let weaknesses):
      try tell("changed", path, command, weaknesses)
      return 1
    case .missing:
      try printOut("not installed in \(path)\n")
      return 1
    case .differs(let commands):
      let found = commands.map { "  \(Self.printable($0))\n" }.joined()
      try printOut("differs in \(path)\n\(found)expected\n\(expected)")
      return 1
    }
  }

  private func tell(
    _ state: String, _ path: String, _ command: String, _ doubts: [String]
  ) throws(Failure) {
    let reasons = doubts.map { "because \(Self.printable($0))\n" }.joined()
    try printOut(
      "\(state) in \(path)\n  \(Self.printable(command))\n\(reasons)")
  }

  /// What the host is to run.
  ///
  /// Whatever happens to the program, even that it is gone, blocks.
  private func command() throws(Failure) -> String {
    let words = try Hook.words(options)
    let hook = [OptionName.hook.rawValue, host.name].map { Array($0.utf8) }
    let line = ([words[0]] + hook + words.dropFirst()).flatMap {
      ShellText.word($0) + [UInt8(ascii: " ")]
    }
    return String(decoding: line, as: UTF8.self) + "|| exit \(Failure.blockedStatus)"
  }

  /// The path for messages, the file, and what it says.
  private func read() throws(Failure) -> (String, FileReplacement, HookSettings) {
    let bytes = try path()
    let path = SafeText.shown(bytes)
    let file: FileReplacement
    do throws(SystemError) {
      file = try FileReplacement(bytes, limit: Self.largest)
    } catch {
      throw .refused("cannot read \(path): \(error.reason)")
    }
    do throws(HookSettings.SettingsError) {
      return (path, file, try HookSettings(file.text ?? [], of: host))
    } catch {
      throw Self.unusable(path, error)
    }
  }

  private func write(
    _ settings: HookSettings, in file: FileReplacement, at path: String, done: String
  ) throws(Failure) {
    let old = file.text ?? []
    let new = settings.document.bytes
    if try isUnchanged(settings, file) {
      say("\(done) already; nothing was changed")
      return
    }
    try printOut(LineDifference.text(from: old, to: new, name: path))
    if options.isDryRun {
      say("--dry-run: nothing was changed")
      return
    }
    do throws(SystemError) {
      try file.replace(with: new, keepingOldWith: Self.backupSuffix)
    } catch {
      throw error.number == ESTALE
        ? .refused("\(path) was changed by somebody else meanwhile; nothing was written, try again")
        : .system(error, "\(path) was not changed")
    }
    say(done + (file.text == nil ? "" : "; as it was: \(path)\(Self.backupSuffix)"))
  }

  /// Whether there is nothing to write; settings that were not there are no change by themselves.
  private func isUnchanged(
    _ settings: HookSettings, _ file: FileReplacement
  ) throws(Failure) -> Bool {
    do throws(HookSettings.SettingsError) {
      return try settings.document.bytes == HookSettings(file.text ?? [], of: host).document.bytes
    } catch {
      return false
    }
  }

  private func path() throws(Failure) -> [UInt8] {
    let inHome = Array("/\(host.folder)/\(host.file)".utf8)
    if let (variable, isHome) = host.folderVariable, let folder = Self.environment(variable) {
      return folder + (isHome ? inHome : Array("/\(host.file)".utf8))
    }
    guard let home = Self.environment("HOME") else {
      throw .refused("HOME is not set, so nobody knows where \(host.name) has its settings")
    }
    return home + inHome
  }

  private static func environment(_ name: StaticString) -> [UInt8]? {
    environmentValue(name).flatMap { $0.isEmpty ? nil : $0 }
  }

  private static func unusable(_ path: String, _ error: HookSettings.SettingsError) -> Failure {
    .refused("\(path):\(error.reason); nothing was changed")
  }

  /// A command out of a file, safe for a terminal and on one line.
  private static func printable(_ text: String) -> String {
    SafeText.shown(text.utf8)
  }
}
