/// The hosts that are known.
extension HookHost {
  /// Every host, in the order in which messages name them.
  static var all: [HookHost] { [.claudeCode, .codex, .geminiCLI, .cursor] }

  static var claudeCode: HookHost {
    HookHost(
      name: "claude-code", event: "PreToolUse", shellTool: "Bash",
      folderVariable: ("CLAUDE_CONFIG_DIR", false), folder: ".claude", file: "settings.json",
      acceptsComments: false,
      warningAboutOthers: "Claude Code can drop the rewritten command when several answer",
      // The host takes this for the whole input, so everything else in it stays as it was written.
      confining: Rewriting(
        before: #"{"hookSpecificOutput":{"hookEventName":"PreToolUse","updatedInput":"#,
        holdsInput: true, after: "}}"))
  }

  static var codex: HookHost {
    HookHost(
      name: "codex", event: "PreToolUse", shellTool: "Bash",
      folderVariable: ("CODEX_HOME", false), folder: ".codex", file: "hooks.json",
      acceptsComments: false,
      // Without the decision Codex drops the input and runs the original.
      confining: Rewriting(
        before:
          #"{"hookSpecificOutput":{"hookEventName":"PreToolUse","permissionDecision":"allow","#
          + #""updatedInput":{"command":""#,
        after: #""}}}"#))
  }

  static var geminiCLI: HookHost {
    HookHost(
      name: "gemini-cli", event: "BeforeTool", shellTool: "run_shell_command",
      folderVariable: ("GEMINI_CLI_HOME", true), folder: ".gemini", file: "settings.json",
      acceptsComments: true,
      // In milliseconds.
      shortestTimeout: 10_000,
      confining: Rewriting(
        before: #"{"decision":"allow","hookSpecificOutput":{"tool_input":{"command":""#,
        after: #""}}}"#))
  }

  static var cursor: HookHost {
    HookHost(
      name: "cursor", event: "beforeShellExecution",
      // A question is known by its event's name or, in the first versions, by its command alone.
      mayOmitEvent: true, shellTool: nil,
      folderVariable: nil, folder: ".cursor", file: "hooks.json", acceptsComments: true,
      emptySettings: "{\n  \"version\": 1\n}\n",
      confined: #"{"permission":"allow"}"#,
      // Cursor takes no other command, so its agent is told what to run instead.
      confining: Rewriting(
        before:
          #"{"permission":"deny","user_message":"nonet: commands run without a network here; the "#
          + #"agent was told how","agent_message":"The network is blocked by nonet, so run the "#
          + #"command inside of it. Run exactly this, and nothing before or after it: "#,
        after: #""}"#))
  }
}
