/// What a host is told about a command.
enum HookAnswer {
  /// The host goes on as without a hook.
  case nothing
  /// The command is confined already.
  case confined
  /// The command is to run in this form.
  case confining([UInt8], HookQuestion.Splice)

  /// The answer in the host's own JSON, on one line.
  ///
  /// Members that a host does not know can make it drop the whole answer, and with it the rewriting.
  /// The command is written as bytes, since it may be long.
  func text(for host: HookHost) -> [UInt8] {
    switch self {
    case .nothing: Self.line("{}")
    case .confined: Self.line(host.confined)
    case .confining(let command, let place):
      Self.text(of: command, at: place, in: host.confining)
    }
  }

  private static func line(_ text: String) -> [UInt8] { Array((text + "\n").utf8) }

  private static func text(
    of command: [UInt8], at place: HookQuestion.Splice, in rewriting: HookHost.Rewriting
  ) -> [UInt8] {
    var text = Array(rewriting.before.utf8) + (rewriting.holdsInput ? place.before : [])
    text.append(inString: command)
    return text + (rewriting.holdsInput ? place.after : []) + line(rewriting.after)
  }
}
