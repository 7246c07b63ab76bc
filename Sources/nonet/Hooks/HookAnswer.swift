/// What a host is told about a command.
enum HookAnswer {
  /// The host goes on as without a hook.
  case nothing
  /// The command is confined already.
  case confined(HookHost.Subject)
  /// The command is to run in this form.
  case confining([UInt8], HookQuestion.Splice)
  /// Why a command failed, for the agent.
  case explaining(String, event: String)

  /// The answer in the host's own JSON, on one line.
  ///
  /// Members that a host does not know can make it drop the whole answer, and with it the rewriting.
  /// The command is written as bytes, since it may be long.
  var text: [UInt8] {
    switch self {
    case .nothing: Self.line("{}")
    case .confined(.command(_, let confined)), .confined(.bareCommand(_, let confined)):
      Self.line(confined)
    case .confined(.failure): Self.line("{}")
    case .confining(let command, let place): Self.text(of: command, at: place)
    case .explaining(let reason, let event): Self.text(of: reason, event)
    }
  }

  private static func line(_ text: String) -> [UInt8] { Array((text + "\n").utf8) }

  private static func text(of command: [UInt8], at place: HookQuestion.Splice) -> [UInt8] {
    let rewriting = place.rewriting
    var text = Array(rewriting.before.utf8) + (rewriting.holdsInput ? place.before : [])
    text.append(inString: command)
    return text + (rewriting.holdsInput ? place.after : []) + line(rewriting.after)
  }

  private static func text(of reason: String, _ event: String) -> [UInt8] {
    var text = Array(#"{"hookSpecificOutput":{"hookEventName":""#.utf8)
    text.append(inString: event.utf8)
    text += Array(#"","additionalContext":""#.utf8)
    text.append(inString: reason.utf8)
    return text + line(#""}}"#)
  }
}
