/// What a host is told about a command.
indirect enum HookAnswer {
  /// The host goes on as without a hook; these are its own words for that.
  case nothing(String)
  /// The command is confined already.
  case confined(HookHost.Subject)
  /// The commands are to run in this form.
  case confining([[UInt8]], HookQuestion.Splice)
  /// Why a command failed, for the agent.
  case explaining(String, event: String)

  /// The answer in the host's own JSON, on one line.
  ///
  /// Members that a host does not know can make it drop the whole answer, and with it the rewriting.
  /// The command is written as bytes, since it may be long.
  var text: [UInt8] {
    switch self {
    case .nothing(let words): Self.line(words)
    case .confined(.command(_, let confined)), .confined(.bareCommand(_, let confined)):
      Self.line(confined)
    case .confined(.failure): Self.line("{}")
    case .confining(let commands, let place): Self.text(of: commands, at: place)
    case .explaining(let reason, let event): Self.text(of: reason, event)
    }
  }

  /// Whether the answer is a reason for standard error, and its status the one that blocks.
  var isReason: Bool {
    guard case .confining(_, let place) = self else { return false }
    return place.rewriting.isReason
  }

  private static func line(_ text: String) -> [UInt8] {
    text.isEmpty ? [] : Array((text + "\n").utf8)
  }

  private static func text(of commands: [[UInt8]], at place: HookQuestion.Splice) -> [UInt8] {
    let rewriting = place.rewriting
    var text = Array(rewriting.before.utf8)
    if rewriting.holdsInput {
      text += place.input(with: commands)
    } else if rewriting.isReason {
      return text + commands.joined(separator: Array("\n".utf8)) + Array("\n".utf8)
    } else {
      // Only a host whose whole input goes back asks about several.
      text.append(inString: commands.first ?? [])
    }
    return text + line(rewriting.after)
  }

  private static func text(of reason: String, _ event: String) -> [UInt8] {
    var text = Array(#"{"hookSpecificOutput":{"hookEventName":""#.utf8)
    text.append(inString: event.utf8)
    text += Array(#"","additionalContext":""#.utf8)
    text.append(inString: reason.utf8)
    return text + line(#""}}"#)
  }
}
