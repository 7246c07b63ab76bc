/// What a host is told about a command.
enum HookAnswer {
  /// The host goes on as without a hook.
  case nothing
  /// The command is confined already.
  case confined
  /// The command is to run in this form.
  case confining([UInt8], HookQuestion.Place)

  /// The answer in the host's own JSON, on one line.
  ///
  /// Members that a host does not know can make it drop the whole answer, and with it the rewriting.
  /// The command is written as bytes, since it may be long.
  func text(for host: HookHost) -> [UInt8] {
    switch (self, host) {
    case (.nothing, _), (.confined, .claudeCode), (.confined, .codex), (.confined, .geminiCLI):
      Self.line("{}")
    case (.confined, .cursor):
      Self.line(#"{"permission":"allow"}"#)
    case (.confining(let command, let place), .claudeCode):
      // The host takes this for the whole input, so everything else in it stays as it was written.
      Self.line(
        #"{"hookSpecificOutput":{"hookEventName":"PreToolUse","updatedInput":"#, place.before,
        command, place.after, "}}")
    case (.confining(let command, _), .codex):
      // Without the decision Codex drops the input and runs the original.
      Self.line(
        #"{"hookSpecificOutput":{"hookEventName":"PreToolUse","permissionDecision":"allow","#
          + #""updatedInput":{"command":""#, command, #""}}}"#)
    case (.confining(let command, _), .geminiCLI):
      Self.line(
        #"{"decision":"allow","hookSpecificOutput":{"tool_input":{"command":""#, command, #""}}}"#)
    case (.confining(let command, _), .cursor):
      // Cursor takes no other command, so its agent is told what to run instead.
      Self.line(
        #"{"permission":"deny","user_message":"nonet: commands run without a network here; the "#
          + #"agent was told how","agent_message":"The network is blocked by nonet, so run the "#
          + #"command inside of it. Run exactly this, and nothing before or after it: "#,
        command, #""}"#)
    }
  }

  private static func line(_ text: String) -> [UInt8] { Array((text + "\n").utf8) }

  private static func line(_ before: String, _ command: [UInt8], _ after: String) -> [UInt8] {
    line(before, [], command, [], after)
  }

  /// A command in the string that `before` and `head` open, and `tail` and `after` close.
  private static func line(
    _ before: String, _ head: ArraySlice<UInt8>, _ command: [UInt8], _ tail: ArraySlice<UInt8>,
    _ after: String
  ) -> [UInt8] {
    var text = Array(before.utf8) + head
    text.append(inString: command)
    return text + tail + line(after)
  }
}
