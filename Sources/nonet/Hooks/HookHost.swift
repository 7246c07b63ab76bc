/// A program that runs an agent and asks hooks before it runs a command.
enum HookHost: String, CaseIterable {
  case claudeCode = "claude-code"
  case codex
  case geminiCLI = "gemini-cli"
  case cursor

  /// The option that names a host.
  static let option = "--hook"

  /// What the host calls the moment before a command.
  var event: String {
    switch self {
    case .claudeCode, .codex: "PreToolUse"
    case .geminiCLI: "BeforeTool"
    case .cursor: "beforeShellExecution"
    }
  }

  /// What the host calls the tool that runs commands; Cursor asks of no other.
  var shellTool: String? {
    switch self {
    case .claudeCode, .codex: "Bash"
    case .geminiCLI: "run_shell_command"
    case .cursor: nil
    }
  }
}

/// What `--hook` shall do.
enum HookAction {
  /// Answer the host's question on standard input.
  case answer
  /// Edit the host's settings, or say how they stand.
  case install, uninstall, status
}
