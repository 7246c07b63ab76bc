internal import BPFAssembler

/// A program that runs an agent and asks hooks before it runs a command: all in which hosts differ.
///
/// `HookHosts.swift` has the values.
struct HookHost {
  /// The option that names a host.
  static let option = "--hook"

  /// The name that the option takes.
  let name: String
  /// What the host calls the moment before a command.
  let event: String
  /// Whether a question without the name of an event is one before a command.
  var mayOmitEvent = false
  /// What the host calls the tool that runs commands; `nil` where it asks of no other, and has its
  /// hooks right under the event's name instead of in groups with a matcher.
  let shellTool: String?

  /// The variable that moves the settings, and whether it names the folder itself or a home.
  let folderVariable: (name: StaticString, isHome: Bool)?
  /// The folder in a home.
  let folder: String
  /// The file in that folder.
  let file: String
  /// Whether the host reads over comments in its settings.
  let acceptsComments: Bool
  /// Settings with nothing in them.
  var emptySettings = "{}\n"
  /// The time that is asked for, in the host's unit: longer than the hook takes before it blocks by
  /// itself, for a host that gives up on a hook runs the command.
  var shortestTimeout = 10
  /// What the user has to know where other hooks answer too.
  var warningAboutOthers: String?

  /// The answer about a command that is confined already.
  var confined = "{}"
  /// The answer about any other.
  let confining: Rewriting

  /// The host's JSON around a command, which stands in a string that it opens and closes.
  struct Rewriting {
    let before: String
    /// Whether the whole input of the tool stands around the command, as it was asked.
    var holdsInput = false
    let after: String
  }
}

extension HookHost {
  /// The host of that name, or nil.
  init?(named name: String) {
    guard let host = Self.all.first(where: { $0.name == name }) else { return nil }
    self = host
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

/// What `--hook` is to do.
enum HookAction {
  /// Answer the host's question on standard input.
  case answer
  /// Edit the host's settings, or say how they stand.
  case install, uninstall, status
}
