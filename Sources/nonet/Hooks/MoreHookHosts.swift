/// Hosts that came later: those that rewrite, and those whose agent is told in words what to run.
///
/// Where a fact has no source beside it, it is the host's own page about hooks.
extension HookHost {
  /// VS Code's own agent, which reads Copilot CLI's files, and Claude Code's settings too.
  static var vscode: HookHost {
    HookHost(
      name: "vscode",
      before: Moment(
        event: "preToolUse", matcher: nil, isGrouped: false,
        subject: .command(decided, confined: "{}")),
      // The event is said by one of two names; the file has hooks of only one.
      shellTools: ["run_in_terminal"],
      members: Members(event: nil, sessions: ["sessionId", "session_id"]),
      keepsFolder: true, readers: ["copilot-cli"],
      place: copilotPlace, layout: copilotLayout,
      note:
        "VS Code asks no hook about tasks; terminal.integrated.automationProfile.linux is for those",
      switches: .disableAllHooks)
  }

  /// Cline's command line (its repository, sdk/packages/core/src/hooks), which takes every end of a hook
  /// for leave unless it has printed a no.
  static var cline: HookHost {
    HookHost(
      name: "cline",
      before: Moment(
        event: "tool_call", matcher: nil, isGrouped: false,
        subject: .command(
          Rewriting(
            before: #"{"overrideInput":"#, holdsInput: true, after: "}",
            told: ["overrideInput", "commands"]), confined: "{}")),
      shellTools: ["run_commands"],
      members: Members(
        event: "hookName", call: "tool_call", tool: "name", input: "input", command: "commands",
        mayHaveSeveral: true, sessions: ["taskId"]),
      place: SettingsPlace(
        variable: ("CLINE_DIR", false), folder: ".cline", file: "hooks/PreToolUse"),
      layout: Layout(
        empty: "",
        text: OwnText(
          before: "#!/bin/sh\n"
            + "# Written by nonet --hook cline --install. Only what is printed says no to Cline.\n"
            + "answer=$(",
          after: ") ||\n"
            + "  answer='{\"cancel\":true,\"errorMessage\":\"nonet: blocked: the hook gave no answer\"}'\n"
            + "printf '%s\\n' \"$answer\"\n",
          isQuoted: false)),
      note: "of several PreToolUse hooks Cline takes the commands of the last, so no other one may "
        + "rewrite them",
      switches: .regularFile)
  }

  static var goose: HookHost {
    HookHost(
      name: "goose",
      before: Moment(
        event: "PreToolUse", matcher: "shell",
        subject: .command(
          Rewriting(
            before: #"{"decision":"block","reason":""# + Rewriting.advice, after: #""}"#,
            told: ["reason"], isAdvice: true), confined: allowing)),
      // Newer versions say the tool's name alone.
      shellTools: ["developer__shell", "shell"], members: Members(event: "event"),
      // An object without a decision is a failure there.
      passing: allowing,
      place: SettingsPlace(folder: ".agents/plugins/nonet", file: "hooks/hooks.json"),
      layout: Layout(blocksOnFailure: true),
      switches: .goosePlugin)
  }

  /// Kimi Code, whose settings are TOML.
  ///
  /// Versions that do not know `fail_mode` refuse settings with it, so it is not
  /// written, and stays where somebody did.
  static var kimi: HookHost {
    HookHost(
      name: "kimi",
      before: Moment(
        event: "PreToolUse", matcher: "^Bash$",
        subject: .command(
          Rewriting(
            before:
              #"{"hookSpecificOutput":{"permissionDecision":"deny","permissionDecisionReason":""#
              + Rewriting.advice, after: #""}}"#,
            told: ["hookSpecificOutput", "permissionDecisionReason"], isAdvice: true), confined: "")
      ),
      // What a hook prints may be told to the agent.
      shellTools: ["Bash"], passing: "",
      place: SettingsPlace(
        variable: ("KIMI_CODE_HOME", false), folder: ".kimi-code", file: "config.toml"),
      layout: Layout(
        empty: "",
        text: OwnText(
          before: "[[hooks]]\nevent = \"PreToolUse\"\nmatcher = \"^Bash$\"\ncommand = ",
          after: "\ntimeout = 10\n", mayFollow: "fail_mode = \"closed\"\n", isWholeFile: false)))
  }

  /// Kiro's command line from version 3 on, and its editor from version 1 on.
  static var kiro: HookHost {
    HookHost(
      name: "kiro",
      before: Moment(
        event: "PreToolUse", matcher: "shell",
        subject: .command(
          Rewriting(before: Rewriting.advice, after: "", told: [], isAdvice: true), confined: "")),
      shellTools: ["execute_bash", "shell", "executeBash"],
      // The event is said in two spellings; the file has hooks of only one.
      members: Members(event: nil), passing: "",
      place: SettingsPlace(folder: ".kiro", file: "hooks/nonet.json"),
      layout: Layout(
        empty: "",
        text: OwnText(
          before: """
            {
              "version": "v1",
              "hooks": [
                {
                  "name": "nonet",
                  "trigger": "PreToolUse",
                  "matcher": "shell|execute|[Bb]ash",
                  "action": {"type": "command", "command":\u{20}
            """,
          after: """
            },
                  "timeout": 10,
                  "enabled": true
                }
              ]
            }

            """)),
      note:
        "versions of Kiro's command line before 3 read hooks from an agent's file alone, and not this "
        + "one")
  }

  static var antigravity: HookHost {
    HookHost(
      name: "antigravity",
      before: Moment(
        event: "PreToolUse", matcher: "run_command",
        subject: .command(
          Rewriting(
            before: #"{"decision":"deny","reason":""# + Rewriting.advice, after: #""}"#,
            told: ["reason"], isAdvice: true), confined: allowing)),
      shellTools: ["run_command"],
      members: Members(
        event: nil, call: "toolCall", tool: "name", input: "args", command: "CommandLine",
        sessions: ["conversationId"]),
      // An answer without a decision denies; this one leaves it to the user.
      passing: #"{"decision":"ask"}"#,
      place: SettingsPlace(folder: ".gemini/config", file: "hooks.json"),
      layout: Layout(object: "nonet"),
      note: "some versions of Antigravity (1.1.27) drop such a hook without a word",
      switches: .enabled)
  }

  private static var allowing: String { #"{"decision":"allow"}"# }
}
