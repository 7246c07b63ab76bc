/// The hosts that are known.
///
/// Where a fact has no source beside it, it is the host's own page about hooks.
extension HookHost {
  /// Every host, in the order in which messages name them.
  static var all: [HookHost] {
    [
      .claudeCode, .codex, .geminiCLI, .cursor, .copilotCLI, .droid, .qwenCode, .crush, .devin,
      .vscode, .cline, .goose, .kimi, .kiro, .antigravity,
    ]
  }

  static var claudeCode: HookHost {
    HookHost(
      name: "claude-code",
      before: Moment(
        event: "PreToolUse", matcher: "Bash",
        // The host takes this for the whole input, so everything else in it stays as it was written.
        subject: .command(
          Rewriting(
            before: #"{"hookSpecificOutput":{"hookEventName":"PreToolUse","updatedInput":"#,
            holdsInput: true, after: "}}",
            told: ["hookSpecificOutput", "updatedInput", "command"]), confined: "{}")),
      // Older versions refuse settings with an event that they do not know.
      others: [
        Moment(
          event: "PostToolUseFailure", matcher: "Bash", subject: .failure, since: claudeOnFailure)
      ],
      shellTools: ["Bash"], keepsFolder: true, readers: ["vscode"],
      place: SettingsPlace(
        variable: ("CLAUDE_CONFIG_DIR", false), folder: ".claude", file: "settings.json",
        managed: "/etc/claude-code/managed-settings.json"),
      layout: Layout(onFailureSince: claudeOnFailure),
      warningAboutOthers: "Claude Code can drop the rewritten command when several answer",
      switches: .claude)
  }

  /// The version with which `onFailure` came.
  private static var claudeOnFailure: [Int] { [2, 1, 295] }

  static var codex: HookHost {
    HookHost(
      name: "codex",
      before: Moment(
        event: "PreToolUse", matcher: "Bash",
        // Without the decision Codex drops the input and runs the original.
        subject: .command(
          Rewriting(
            before:
              #"{"hookSpecificOutput":{"hookEventName":"PreToolUse","permissionDecision":"allow","#
              + #""updatedInput":{"command":""#,
            after: #""}}}"#, told: ["hookSpecificOutput", "updatedInput", "command"]),
          confined: "{}")),
      shellTools: ["Bash"],
      place: SettingsPlace(
        variable: ("CODEX_HOME", false), folder: ".codex", file: "hooks.json"),
      switches: .codexTrust)
  }

  static var geminiCLI: HookHost {
    HookHost(
      name: "gemini-cli",
      before: Moment(
        event: "BeforeTool", matcher: "run_shell_command",
        subject: .command(
          Rewriting(
            before: #"{"decision":"allow","hookSpecificOutput":{"tool_input":{"command":""#,
            after: #""}}}"#, told: ["hookSpecificOutput", "tool_input", "command"]),
          confined: "{}")),
      shellTools: ["run_shell_command"],
      place: SettingsPlace(
        variable: ("GEMINI_CLI_HOME", true), folder: ".gemini", file: "settings.json",
        managed: "/etc/gemini-cli/settings.json"),
      // In milliseconds.
      layout: Layout(shortestTimeout: 10_000, acceptsComments: true),
      note: "Gemini CLI asks no hook in a folder that it does not trust",
      switches: .gemini)
  }

  /// Cursor, which asks twice.
  ///
  /// Versions before 2026 ask only at the second moment and take no other command, so their agent is
  /// told what to run instead. Newer ones ask there about the command that the first answer gave.
  static var cursor: HookHost {
    let allowed = #"{"permission":"allow"}"#
    return HookHost(
      name: "cursor",
      before: Moment(
        event: "preToolUse", matcher: "Shell", isGrouped: false,
        subject: .command(
          Rewriting(
            before: #"{"permission":"allow","updated_input":"#, holdsInput: true, after: "}",
            told: ["updated_input", "command"]), confined: allowed)),
      others: [
        Moment(
          event: "beforeShellExecution", matcher: nil, isGrouped: false,
          subject: .bareCommand(
            Rewriting(
              before:
                #"{"permission":"deny","user_message":"nonet: commands run without a network here; "#
                + #"the agent was told how","agent_message":""# + Rewriting.advice,
              after: #""}"#, told: ["agent_message"], isAdvice: true), confined: allowed))
      ],
      shellTools: ["Shell"], members: Members(mayOmitEvent: true, sessions: ["conversation_id"]),
      place: SettingsPlace(
        folder: ".cursor", file: "hooks.json", managed: "/etc/cursor/hooks.json"),
      layout: Layout(
        hasType: false, hasFailClosed: true, acceptsComments: true,
        empty: "{\n  \"version\": 1\n}\n"))
  }

  static var copilotCLI: HookHost {
    HookHost(
      name: "copilot-cli",
      before: Moment(
        event: "preToolUse", matcher: nil, isGrouped: false,
        subject: .command(
          Rewriting(
            before: #"{"permissionDecision":"allow","modifiedArgs":"#, holdsInput: true,
            after: "}", told: ["modifiedArgs", "command"]), confined: "{}")),
      shellTools: ["bash"],
      members: Members(
        event: nil, tool: "toolName", input: "toolArgs", inputMayBeText: true,
        sessions: ["sessionId"]),
      keepsFolder: true, readers: ["vscode"],
      place: copilotPlace, layout: copilotLayout, switches: .disableAllHooks)
  }

  static var copilotPlace: SettingsPlace {
    SettingsPlace(
      variable: ("COPILOT_HOME", false), folder: ".copilot", file: "hooks/nonet.json",
      managed: "/etc/github-copilot/policy.d/nonet.json")
  }

  static var copilotLayout: Layout {
    Layout(command: "bash", timeoutName: "timeoutSec", empty: "{\n  \"version\": 1\n}\n")
  }

  static var droid: HookHost {
    HookHost(
      name: "droid",
      before: Moment(
        event: "PreToolUse", matcher: "Execute", subject: .command(decided, confined: "{}")),
      shellTools: ["Execute"],
      place: SettingsPlace(folder: ".factory", file: "settings.json", instead: "hooks.json"))
  }

  static var qwenCode: HookHost {
    HookHost(
      name: "qwen-code",
      before: Moment(
        event: "PreToolUse", matcher: "run_shell_command",
        subject: .command(decided, confined: "{}")),
      shellTools: ["run_shell_command"],
      place: SettingsPlace(
        folder: ".qwen", file: "settings.json", managed: "/etc/qwen-code/settings.json"),
      // In milliseconds.
      layout: Layout(shortestTimeout: 10_000, acceptsComments: true),
      switches: .disableAllHooks)
  }

  static var crush: HookHost {
    HookHost(
      name: "crush",
      before: Moment(
        event: "PreToolUse", matcher: "^bash$", isGrouped: false,
        subject: .command(
          Rewriting(
            before: #"{"updated_input":{"command":""#, after: #""}}"#,
            told: ["updated_input", "command"]), confined: "{}")),
      shellTools: ["bash"], members: Members(event: "event"),
      place: SettingsPlace(
        variable: ("CRUSH_GLOBAL_CONFIG", false), folder: ".config/crush", file: "crush.json"),
      layout: Layout(hasType: false, acceptsComments: true),
      note: "Crush asks no hook about the commands of its sub-agents, so those run unconfined")
  }

  static var devin: HookHost {
    HookHost(
      name: "devin",
      before: Moment(
        event: "PreToolUse", matcher: "exec", subject: .command(decided, confined: "{}")),
      shellTools: ["exec"],
      place: SettingsPlace(folder: ".config/devin", file: "config.json"))
  }

  /// The answer of hosts that follow Claude Code and want a decision, and a reason with it.
  static var decided: Rewriting {
    Rewriting(
      before:
        #"{"hookSpecificOutput":{"hookEventName":"PreToolUse","permissionDecision":"allow","#
        + #""permissionDecisionReason":"nonet runs it without a network","updatedInput":"#,
      holdsInput: true, after: "}}", told: ["hookSpecificOutput", "updatedInput", "command"])
  }
}
