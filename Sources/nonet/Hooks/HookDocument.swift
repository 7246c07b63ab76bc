/// What is in the file in which a host is told its hooks: JSON, TOML, or a text of its own.
indirect enum HookDocument {
  case settings(HookSettings)
  case table(HookTable)
  case text(HookText)

  /// Reads it.
  ///
  /// - Parameters:
  ///   - text: The file; blank ones are as good as none.
  ///   - host: Whose it is.
  ///   - version: The version of the host that reads it, where it is known.
  ///   - isAtRoot: Whether the events are members of the file itself.
  /// - Throws: Where it is not what the host reads.
  init(
    _ text: [UInt8], of host: HookHost, version: [Int]? = nil, isAtRoot: Bool = false
  ) throws(HookSettings.SettingsError) {
    if let form = host.layout.text {
      self =
        form.isWholeFile
        ? .text(HookText(text, of: host, form)) : .table(try HookTable(text, of: host, form))
    } else {
      self = .settings(try HookSettings(text, of: host, version: version, isAtRoot: isAtRoot))
    }
  }

  /// The settings, where they are JSON among which others have theirs.
  var settings: HookSettings? {
    guard case .settings(let settings) = self else { return nil }
    return settings
  }

  var bytes: [UInt8] {
    switch self {
    case .settings(let settings): settings.document.bytes
    case .table(let table): table.document.bytes
    case .text(let text): text.bytes
    }
  }

  /// How the file stands to a hook that runs this command.
  func state(for command: String) -> HookSettings.State {
    switch self {
    case .settings(let settings): settings.state(for: command)
    case .table(let table): table.state(for: command)
    case .text(let text): text.state(for: command)
    }
  }

  /// The command of the hook before a command, where there is exactly one.
  var command: String? {
    switch self {
    case .settings(let settings): settings.command
    case .table(let table): table.command
    case .text(let text): text.command
    }
  }

  /// Puts a hook in, or gives the one that is there this command.
  mutating func install(_ command: String) throws(HookSettings.SettingsError) {
    switch self {
    case .settings(var settings):
      try settings.install(command)
      self = .settings(settings)
    case .table(var table):
      try table.install(command)
      self = .table(table)
    case .text(var text):
      try text.install(command)
      self = .text(text)
    }
  }

  /// Takes every hook of ours out, with what stands beside it.
  mutating func uninstall() throws(HookSettings.SettingsError) {
    switch self {
    case .settings(var settings):
      try settings.uninstall()
      if case .claude = settings.host.switches { try settings.uninstallPrefix() }
      self = .settings(settings)
    case .table(var table):
      try table.uninstall()
      self = .table(table)
    case .text(var text):
      try text.uninstall()
      self = .text(text)
    }
  }
}
