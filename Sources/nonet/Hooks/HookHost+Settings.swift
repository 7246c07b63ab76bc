internal import BPFAssembler

/// Where each host keeps its settings, and what it wants to read there.
extension HookHost {
  /// The variable that moves the settings, and whether it names the folder itself or a home.
  var folderVariable: (name: StaticString, isHome: Bool)? {
    switch self {
    case .claudeCode: ("CLAUDE_CONFIG_DIR", false)
    case .codex: ("CODEX_HOME", false)
    case .geminiCLI: ("GEMINI_CLI_HOME", true)
    case .cursor: nil
    }
  }

  /// The folder in a home.
  var folder: String {
    switch self {
    case .claudeCode: ".claude"
    case .codex: ".codex"
    case .geminiCLI: ".gemini"
    case .cursor: ".cursor"
    }
  }

  /// The file in that folder.
  var file: String {
    switch self {
    case .claudeCode, .geminiCLI: "settings.json"
    case .codex, .cursor: "hooks.json"
    }
  }

  /// Whether the host reads over comments in its settings.
  var acceptsComments: Bool {
    switch self {
    case .claudeCode, .codex: false
    case .geminiCLI, .cursor: true
    }
  }

  /// Settings with nothing in them.
  var emptySettings: String {
    switch self {
    case .claudeCode, .codex, .geminiCLI: "{}\n"
    case .cursor: "{\n  \"version\": 1\n}\n"
    }
  }

  /// The time that is asked for, in the host's unit: longer than the hook takes before it blocks by
  /// itself, for a host that gives up on a hook runs the command.
  var shortestTimeout: Int {
    // Gemini CLI counts milliseconds.
    self == .geminiCLI ? 10_000 : 10
  }

  /// What the settings have to say for a command to be asked as a hook.
  func entry(running command: String) -> String {
    let line = ("command", JSONText.string(command))
    guard let shellTool else {
      // Cursor alone can be told to block where a hook fails.
      return JSONText.object([line, ("timeout", "\(shortestTimeout)"), ("failClosed", "true")])
    }
    let timeout = ("timeout", "\(shortestTimeout)")
    let hook = JSONText.object([("type", JSONText.string("command")), line, timeout])
    return JSONText.object([
      ("matcher", JSONText.string(shellTool)), ("hooks", JSONText.array([hook])),
    ])
  }
}
