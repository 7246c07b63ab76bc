internal import BPFAssembler

/// The settings in which a host is told its hooks.
///
/// Most have groups of hooks with a matcher under the event's name, some the hooks themselves. An edit
/// changes nothing but what it is about.
struct HookSettings {
  let host: HookHost
  /// The version of the host that reads them, where it is known.
  let version: [Int]?
  /// Whether the events are members of the file itself, and not of `hooks` in it.
  let isAtRoot: Bool
  private(set) var document: JSONDocument

  /// Why settings cannot be edited, as a sentence; nothing has been changed then.
  struct SettingsError: Error {
    let reason: String
  }

  /// How the settings stand to a hook.
  enum State: Equatable {
    case missing
    case installed
    /// The one hook is there, and something beside its command keeps it from holding.
    case weakened([String])
    /// There are hooks of nonet for this host, with these commands, and not just the one.
    case differs([String])
  }

  /// A hook of ours in the settings.
  struct Found {
    /// The moment under whose name it stands.
    let moment: HookHost.Moment
    /// Its index in the event's array, and in the group's where the host has groups.
    let group: Int
    let hook: Int?
    /// The object that has the command.
    let entry: JSONValue
    /// The string that is run.
    let command: JSONValue
    /// Why the host may not ask it before each command, or not wait for it and block, as clauses; what `--install`
    /// writes has none.
    let doubts: [String]
  }

  /// Reads settings; blank ones are as good as none.
  init(
    _ text: [UInt8], of host: HookHost, version: [Int]? = nil, isAtRoot: Bool = false
  ) throws(SettingsError) {
    self.host = host
    self.version = version
    self.isAtRoot = isAtRoot
    let isBlank = text.allSatisfy { $0 == 0x20 || $0 == 0x09 || $0 == 0x0a || $0 == 0x0d }
    let options = JSONOptions(acceptsComments: host.layout.acceptsComments)
    do throws(JSONError) {
      document = try JSONDocument(isBlank ? Array(host.layout.empty.utf8) : text, options)
    } catch {
      let place = error.place(in: text)
      throw SettingsError(reason: "\(place.line):\(place.column): \(error.problem.words)")
    }
    if document.root.kind != .object { throw SettingsError(reason: "1:1: expected an object") }
    guard let hooks else { return }
    if !isAtRoot { try checkOnce(host.layout.object, in: document.root) }
    try check(hooks, is: .object, "an object with the hooks of each event")
    for moment in host.moments {
      try checkOnce(moment.event, in: hooks)
      if let event = hooks[moment.event] { try check(event, is: .array, "an array of hooks") }
    }
  }

  /// The object with the hooks of each event.
  var hooks: JSONValue? {
    isAtRoot ? document.root : document.root[host.layout.object]
  }

  private func event(_ moment: HookHost.Moment) -> JSONValue? { hooks?[moment.event] }

  /// How the settings stand to a hook that runs this command.
  func state(for command: String) -> State {
    let found = found
    if found.isEmpty { return .missing }
    let wanted = host.moments(in: version).map { $0.event }
    let isExact =
      found.allSatisfy { $0.command.spells(command) }
      && wanted.allSatisfy { event in found.count { $0.moment.event == event } == 1 }
      && found.allSatisfy { one in wanted.contains { $0 == one.moment.event } }
    guard isExact else {
      // One line stands under several events.
      var commands: [String] = []
      for text in found.map({ $0.command.text ?? "" }) {
        let isThere = commands.contains { $0 == text }
        if !isThere { commands.append(text) }
      }
      return .differs(commands)
    }
    let weak = found.flatMap { $0.doubts }
    return weak.isEmpty ? .installed : .weakened(weak)
  }

  /// The command of the hook before a command, where there is exactly one.
  var command: String? {
    let commands = found.filter { $0.moment.event == host.before.event }.map { $0.command }
    return commands.count == 1 ? commands[0].text : nil
  }

  /// Where the hook before a command stands: the indices of its group and in that group.
  var position: (group: Int, hook: Int)? {
    found.first { $0.moment.event == host.before.event }.map { ($0.group, $0.hook ?? 0) }
  }

  /// How many hooks of others the host asks before a command.
  var others: Int {
    let all = event(host.before)?.elements.reduce(0) { sum, group in
      sum + (host.before.isGrouped ? group["hooks"]?.elements.count ?? 0 : 1)
    }
    return (all ?? 0) - found.count { $0.moment.event == host.before.event }
  }

  /// Puts a hook in, or gives the one that is there this command.
  mutating func install(_ command: String) throws(SettingsError) {
    if state(for: command) == .installed { return }
    do throws(JSONError) {
      for moment in host.moments(in: version) { try install(command, at: moment) }
      let wanted = host.moments(in: version).map { $0.event }
      for moment in host.moments where !wanted.contains(where: { $0 == moment.event }) {
        try removeAll(at: moment)
      }
    } catch {
      throw SettingsError(reason: "the change would not be JSON any more: \(error)")
    }
  }

  private mutating func install(
    _ command: String, at moment: HookHost.Moment
  ) throws(JSONError) {
    let found = found.filter { $0.moment.event == moment.event }
    if found.count == 1, found[0].doubts.isEmpty {
      // An entry that stays to the byte stays trusted, where a host asks for that.
      if found[0].command.spells(command) { return }
      document = try document.replacing(found[0].command, with: JSONText.string(command))
      return
    }
    try removeAll(at: moment)
    document = try added(host.entry(running: command, at: moment, in: version), at: moment)
  }

  /// Takes every hook of ours out, and what is left empty by that.
  mutating func uninstall() throws(SettingsError) {
    if found.isEmpty { return }
    do throws(JSONError) {
      for moment in host.moments {
        let count = found.count { $0.moment.event == moment.event }
        try removeAll(at: moment)
        if count > 0, let hooks, let event = event(moment), event.elements.isEmpty {
          document = try document.removing(Self.index(of: moment.event, in: hooks), of: hooks)
        }
      }
      if !isAtRoot, let hooks, hooks.members.isEmpty { try removeMember(host.layout.object) }
    } catch {
      throw SettingsError(reason: "the change would not be JSON any more: \(error)")
    }
  }

  private mutating func removeMember(_ name: String) throws(JSONError) {
    document = try document.removing(Self.index(of: name, in: document.root), of: document.root)
  }

  /// Every hook of ours for this host.
  var found: [Found] { host.moments.flatMap { found(at: $0) } }

  private func found(at moment: HookHost.Moment) -> [Found] {
    var found: [Found] = []
    for (index, group) in (event(moment)?.elements ?? []).enumerated() {
      let ofGroup = doubts(about: group, at: moment)
      let entries =
        moment.isGrouped
        ? (group["hooks"]?.elements ?? []).enumerated().map { (Optional($0), $1) }
        : [(nil, group)]
      for (hook, entry) in entries {
        guard let command = entry[host.layout.command], isOurs(command) else { continue }
        found.append(
          Found(
            moment: moment, group: index, hook: hook, entry: entry, command: command,
            doubts: ofGroup + doubts(aboutTypeOf: entry) + weaknesses(of: entry, at: moment)))
      }
    }
    return found
  }

  /// Whether a command runs some nonet as the hook of this host.
  private func isOurs(_ command: JSONValue) -> Bool { Self.isOurs(command.utf8, host) }

  /// Whether a command runs some nonet as the hook of a host.
  static func isOurs(_ command: [UInt8]?, _ host: HookHost) -> Bool {
    guard let words = words(command) else { return false }
    guard let program = words.first,
      program.split(separator: UInt8(ascii: "/")).last.map({
        $0.elementsEqual("nonet".utf8)
      }) == true
    else { return false }
    let joined = HookHost.option + "=" + host.name
    return words.contains { $0.elementsEqual(joined.utf8) }
      || zip(words, words.dropFirst()).contains {
        $0.elementsEqual(HookHost.option.utf8) && $1.elementsEqual(host.name.utf8)
      }
  }

  private mutating func removeAll(at moment: HookHost.Moment) throws(JSONError) {
    // Each removal moves the others, so they are looked for again.
    while let one = found(at: moment).first, let event = event(moment) {
      let group = event.elements[one.group]
      if let hook = one.hook, let hooks = group["hooks"], hooks.elements.count > 1 {
        document = try document.removing(hook, of: hooks)
      } else {
        document = try document.removing(one.group, of: event)
      }
    }
  }

  private func added(
    _ entry: String, at moment: HookHost.Moment
  ) throws(JSONError) -> JSONDocument {
    if let event = event(moment) { return try document.appending(entry, to: event) }
    let list = JSONText.array([entry])
    if let hooks { return try document.setting(moment.event, of: hooks, to: list) }
    return try document.setting(
      host.layout.object, of: document.root, to: JSONText.object([(moment.event, list)]))
  }

  /// The words of a command; `nil` where it has none that a shell would see.
  static func words(_ text: [UInt8]?) -> [[UInt8]]? {
    guard let text else { return nil }
    do throws(ShellWords.QuotingError) {
      return try ShellWords.split(text)
    } catch {
      return nil
    }
  }

  private func check(_ value: JSONValue, is kind: JSONKind, _ what: String) throws(SettingsError) {
    if value.kind == kind { return }
    let place = JSONError(problem: .expectedValue, offset: value.range.lowerBound)
      .place(in: document.bytes)
    throw SettingsError(reason: "\(place.line):\(place.column): expected \(what)")
  }

  /// Hosts take the last of several members of one name; what takes it out would uncover another.
  private func checkOnce(_ name: String, in object: JSONValue) throws(SettingsError) {
    let all = object.members.filter { $0.name.spells(name) }
    guard all.count > 1 else { return }
    let place = JSONError(problem: .expectedValue, offset: all[1].name.range.lowerBound)
      .place(in: document.bytes)
    throw SettingsError(reason: "\(place.line):\(place.column): \"\(name)\" stands here twice")
  }

  private static func index(of name: String, in object: JSONValue) -> Int {
    object.members.lastIndex { $0.name.spells(name) } ?? -1
  }
}

/// `CLAUDE_CODE_SHELL_PREFIX`: a second guard, which Claude Code puts before each command that it runs, and
/// the options in `NONET_OPTIONS` beside it.
extension HookSettings {
  /// Two variables under `env`.
  struct Prefix: Equatable {
    static let variable = "CLAUDE_CODE_SHELL_PREFIX"
    static let optionsVariable = "NONET_OPTIONS"
    /// The shell with its option, and the options of nonet.
    let shell: String
    let options: String
  }

  /// How the settings stand to a prefix.
  enum PrefixState: Equatable {
    case missing, installed
    /// Another prefix of nonet, or another value of its options.
    case differs
    /// Somebody else's.
    case foreign(String)
  }

  /// The prefix that is said.
  private var prefixValue: JSONValue? { document.root["env"]?[Prefix.variable] }

  /// How the settings stand to a prefix.
  func state(for prefix: Prefix) -> PrefixState {
    guard let value = prefixValue else { return .missing }
    guard hasOurPrefix else { return .foreign(value.text ?? "") }
    let options = document.root["env"]?[Prefix.optionsVariable]
    return value.spells(prefix.shell) && options?.spells(prefix.options) == true
      ? .installed : .differs
  }

  /// Whether the prefix is some nonet-shell.
  var hasOurPrefix: Bool {
    guard let words = Self.words(prefixValue?.utf8), words.count == 2 else { return false }
    return PathText.lastComponent(words[0]).elementsEqual("nonet-shell".utf8)
  }

  /// Puts the prefix in; somebody else's stays.
  mutating func install(_ prefix: Prefix) throws(SettingsError) {
    if case .foreign = state(for: prefix) { return }
    if let env = document.root["env"] {
      try check(env, is: .object, "an object with the environment of commands")
    }
    do throws(JSONError) {
      for (name, value) in [
        (Prefix.variable, prefix.shell), (Prefix.optionsVariable, prefix.options),
      ] {
        let text = JSONText.string(value)
        if let env = document.root["env"] {
          if env[name]?.spells(value) == true { continue }
          document = try document.setting(name, of: env, to: text)
        } else {
          document = try document.setting(
            "env", of: document.root, to: JSONText.object([(name, text)]))
        }
      }
    } catch {
      throw SettingsError(reason: "the change would not be JSON any more: \(error)")
    }
  }

  /// Takes a prefix of ours out, with its options, and what is left empty by that.
  mutating func uninstallPrefix() throws(SettingsError) {
    guard hasOurPrefix else { return }
    do throws(JSONError) {
      for name in [Prefix.optionsVariable, Prefix.variable] {
        guard let env = document.root["env"], env[name] != nil else { continue }
        document = try document.removing(Self.index(of: name, in: env), of: env)
      }
      if let env = document.root["env"], env.members.isEmpty { try removeMember("env") }
    } catch {
      throw SettingsError(reason: "the change would not be JSON any more: \(error)")
    }
  }
}
