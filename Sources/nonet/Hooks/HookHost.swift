internal import BPFAssembler

/// A program that runs an agent and asks hooks before it runs a command: all in which hosts differ.
///
/// `HookHosts.swift` has the values.
struct HookHost {
  /// The option that names a host.
  static let option = "--hook"

  /// The name that the option takes.
  let name: String
  /// The moment before a command.
  let before: Moment
  /// Other moments at which it asks the same hook.
  var others: [Moment] = []
  /// What a question calls the tool that runs commands; of several names the usual one first.
  let shellTools: [String]
  /// Where a question has what.
  var members = Members()
  /// Whether one command leaves its folder to the next, in a shell that is bash or zsh.
  var keepsFolder = false
  /// The answer about a tool that runs no commands.
  var passing = "{}"
  /// The names of other hosts that read the same settings and ask in their own way.
  var readers: [String] = []

  /// Where its settings are.
  let place: SettingsPlace
  /// How a hook is written in them.
  var layout = Layout()
  /// What the user has to know where other hooks answer too.
  var warningAboutOthers: String?
  /// What the user has to know in any case.
  var note: String?
  /// What else its settings, and files beside them, say about hooks.
  var switches: Switches = .none

  /// A moment at which a host asks.
  struct Moment {
    /// What the host calls it, in questions and in settings.
    let event: String
    /// The pattern of tools in an entry; `nil` where the host asks of commands alone or takes none.
    let matcher: String?
    /// Whether entries stand in groups that have the matcher.
    var isGrouped = true
    /// What is asked.
    let subject: Subject
    /// The first version of the host that knows the event; empty where all do.
    var since: [Int] = []
  }

  /// What a host asks about.
  enum Subject {
    /// A command that is to run, with the answer that runs it confined; `confined` is the answer about
    /// one that is confined already.
    case command(Rewriting, confined: String)
    /// The same, with the command in the question itself instead of in a tool's input.
    case bareCommand(Rewriting, confined: String)
    /// A command that has failed.
    case failure
  }

  /// The host's JSON around a command, which stands in a string that it opens and closes.
  struct Rewriting {
    let before: String
    /// Whether the whole input of the tool stands around the command, as it was asked.
    var holdsInput = false
    let after: String
    /// The names that lead to the command in the answer, or to a list with it at its head; none where the
    /// answer is no JSON.
    let told: [String]
    /// Whether the host takes no other command, so that the agent is told in words what to run.
    var isAdvice = false
    /// Whether the answer is the reason on standard error, with the status that blocks.
    var isReason: Bool { told.isEmpty }

    /// What an agent is told before the command that it is to run instead.
    static let advice =
      "The network is blocked by nonet, so run the command inside of it. Run exactly this, and "
      + "nothing before or after it: "
  }

  /// The names of a question's members.
  struct Members {
    /// `nil` where the host says no event.
    var event: String? = "hook_event_name"
    /// Whether a question without an event is one about a bare command.
    var mayOmitEvent = false
    /// The object that has both of these; `nil` where they stand in the question itself.
    var call: String?
    var tool = "tool_name"
    var input = "tool_input"
    var command = "command"
    /// Whether there may be several commands, as a list.
    var mayHaveSeveral = false
    /// Whether the input may be a string that has the JSON.
    var inputMayBeText = false
    /// The text that is the same for all commands of one conversation with the agent; of several names
    /// the first that is there.
    var sessions = ["session_id"]
  }

  /// How a hook is written in the settings.
  struct Layout {
    var command = "command"
    var hasType = true
    var timeoutName = "timeout"
    /// The time that is asked for, in the host's unit: longer than the hook takes before it blocks by
    /// itself, for a host that gives up on a hook runs the command.
    var shortestTimeout = 10
    /// The object with the hooks of each event.
    var object = "hooks"
    /// Whether an entry says `"failClosed": true`.
    var hasFailClosed = false
    /// Whether an entry says `"on_failure": "block"`, which versions that do not know it read over.
    var blocksOnFailure = false
    /// The first version that takes `"onFailure": "block"`; empty where none does.
    var onFailureSince: [Int] = []
    /// Whether the host reads over comments in its settings.
    var acceptsComments = false
    /// Settings with nothing in them.
    var empty = "{}\n"
    /// How the hook is written where the settings are not such JSON.
    var text: OwnText?
  }

  /// A hook as lines of text.
  struct OwnText {
    /// What stands before the command, and behind it.
    let before: String
    let after: String
    /// What may stand behind that, for versions that know it: by it the hook holds more.
    var mayFollow = ""
    /// Whether the command is a string in quotation marks, with the escapes that JSON and TOML share.
    var isQuoted = true
    /// Whether the file is nonet's alone; else the lines are a table `[[hooks]]` of TOML among others.
    var isWholeFile = true
  }

  /// Where settings are.
  struct SettingsPlace {
    /// The variable that moves them, and whether it names the folder itself or a home.
    var variable: (name: StaticString, isHome: Bool)?
    /// The folder in a home; below `.config/` it moves with `$XDG_CONFIG_HOME`.
    let folder: String
    /// The file in that folder.
    let file: String
    /// A file in the same folder that the host reads instead where it is there; its events are members
    /// of the file itself.
    var instead: String?
    /// The file of whoever administers the machine, which takes the same hooks.
    var managed: String?
  }

  /// What else decides whether a host asks.
  enum Switches {
    case none
    /// `disableAllHooks`, in the settings and in those of the administrator, and `allowManagedHooksOnly`
    /// there.
    case claude
    /// `disableAllHooks` in the settings.
    case disableAllHooks
    /// A hook is skipped before the user has trusted it, which `config.toml` beside the settings says.
    case codexTrust
    /// `enabled` beside the hooks.
    case enabled
    /// `hooksConfig` and `tools.enableHooks`, in the settings, those of the project and of the administrator.
    case gemini
    /// The file has to be a regular one; a link to one is passed over.
    case regularFile
    /// A plug-in can be switched off, and one of the project takes the place of the user's.
    case goosePlugin
  }
}

extension HookHost {
  /// The host of that name, or nil.
  init?(named name: String) {
    guard let host = Self.all.first(where: { $0.name == name }) else { return nil }
    self = host
  }

  /// The host's own names for the moments at which it asks.
  var moments: [Moment] { [before] + others }

  /// The moments that a version of the host knows.
  ///
  /// - Parameter version: Its parts; `nil` where nobody knows it.
  /// - Returns: Those at which it asks.
  func moments(in version: [Int]?) -> [Moment] {
    moments.filter { Self.knows(version, since: $0.since) }
  }

  /// Whether a version has what came with another one; of an unknown one nothing new is expected.
  static func knows(_ version: [Int]?, since first: [Int]) -> Bool {
    if first.isEmpty { return true }
    guard let version else { return false }
    return !version.lexicographicallyPrecedes(first)
  }

  /// What the settings have to say for a command to be asked as a hook.
  func entry(running command: String, at moment: Moment, in version: [Int]?) -> String {
    let matcher = moment.matcher.map { [("matcher", JSONText.string($0))] } ?? []
    var hook = moment.isGrouped ? [] : matcher
    if layout.hasType { hook.append(("type", JSONText.string("command"))) }
    hook.append((layout.command, JSONText.string(command)))
    hook.append((layout.timeoutName, "\(layout.shortestTimeout)"))
    if layout.hasFailClosed { hook.append(("failClosed", "true")) }
    if layout.blocksOnFailure { hook.append(("on_failure", JSONText.string("block"))) }
    if blocksOnFailure(moment, in: version) {
      hook.append(("onFailure", JSONText.string("block")))
    }
    guard moment.isGrouped else { return JSONText.object(hook) }
    return JSONText.object(matcher + [("hooks", JSONText.array([JSONText.object(hook)]))])
  }

  /// Whether a hook that fails can be made to block by `onFailure`.
  func blocksOnFailure(_ moment: Moment, in version: [Int]?) -> Bool {
    if case .failure = moment.subject { return false }
    return !layout.onFailureSince.isEmpty && Self.knows(version, since: layout.onFailureSince)
  }
}

/// What `--hook` is to do.
enum HookAction {
  /// Answer the host's question on standard input.
  case answer
  /// Edit the host's settings, or say how they stand.
  case install, uninstall, status
  /// Ask the installed hook as the host would, and look whether the command runs confined.
  case trial
}
