internal import BPFAssembler
internal import CLinuxShims

/// Reads the command line up to the command.
struct OptionParser {
  private let words: [Word]
  private var next = 1
  private var options = Options()
  /// The option that chose the mode, where one did.
  private var modeOption: OptionName?
  /// `--install`, `--uninstall` or `--status`, where one was said.
  private var actionOption: OptionName?

  static func parse(_ words: [Word]) throws(Failure) -> Options {
    var parser = OptionParser(words: words)
    return try parser.parse()
  }

  private init(words: [Word]) {
    self.words = words
  }

  private mutating func parse() throws(Failure) -> Options {
    while next < words.count, try readOption() {}
    // Help and version answer whatever else was said.
    if modeOption == .help || modeOption == .version { return options }
    try applyHookAction()
    let hasCommand = next < words.count
    if let reportMode = try reportMode(hasCommand: hasCommand) {
      options.mode = reportMode
      return options
    }
    guard let modeOption else {
      guard hasCommand else { throw .usage("no command was given") }
      if options.architectures != nil { throw onlyForDumps(.arch) }
      if options.format != nil { throw onlyForDumps(.format) }
      options.mode = .run(argument: next)
      return options
    }
    if modeOption == .check, options.architectures != nil { throw onlyForDumps(.arch) }
    if hasCommand {
      throw .usage("\(modeOption.rawValue) takes no command, and '\(words[next].text)' is one")
    }
    return options
  }

  /// Whether a command line that makes no sense was meant for a hook, whose host lets the command
  /// run unconfined unless the status is 2.
  static func isMeantAsHook(_ words: [Word]) -> Bool {
    let hook = OptionName.hook.rawValue
    return words.dropFirst().prefix { !$0.bytes.elementsEqual("--".utf8) }
      .contains { $0.bytes.elementsEqual(hook.utf8) || $0.bytes.starts(with: (hook + "=").utf8) }
  }

  /// Reads options that stand alone, for commands that come from elsewhere.
  ///
  /// - Throws: What is no option, and what is none for such commands.
  static func parseOptions(_ words: [Word]) throws(Failure) -> Options {
    var parser = OptionParser(words: words)
    parser.next = 0
    while parser.next < words.count {
      let word = words[parser.next]
      guard try parser.readOption() else {
        throw .refused("'\(word.text)' is no option, and the command comes from elsewhere")
      }
    }
    try parser.options.refuseUnfitting()
    parser.options.isForEveryCommand = true
    return parser.options
  }

  private mutating func applyHookAction() throws(Failure) {
    guard case .hook(let host, _) = options.mode else {
      if let actionOption { throw Self.onlyForHooks(actionOption) }
      if options.isDryRun { throw Self.onlyForHooks(.dryRun) }
      return
    }
    switch actionOption {
    case .install: options.mode = .hook(host, .install)
    case .uninstall: options.mode = .hook(host, .uninstall)
    case .status: options.mode = .hook(host, .status)
    case _: options.mode = .hook(host, .answer)
    }
    if options.isDryRun, actionOption != .install, actionOption != .uninstall {
      throw .usage("--dry-run is for --install and --uninstall")
    }
  }

  /// Reads one option and its value.
  ///
  /// - Returns: Whether there was one; otherwise the command begins at `next`.
  private mutating func readOption() throws(Failure) -> Bool {
    let word = words[next]
    let bytes = word.bytes
    if bytes.elementsEqual("--".utf8) {
      next += 1
      return false
    }
    guard bytes.count > 1, bytes[0] == UInt8(ascii: "-") else { return false }
    next += 1
    var attached: Word?
    var text = word.text
    if bytes.starts(with: "--".utf8), let equals = bytes.firstIndex(of: UInt8(ascii: "=")) {
      attached = Word(pointer: word.pointer + equals + 1)
      text = Word.text(of: bytes[..<equals])
    }
    guard let name = OptionName(text) else {
      let names = OptionName.allCases.lazy.map { $0.rawValue }
      let nearest = nearestName(to: text.utf8, among: names)
      throw .usage(
        "no option is called '\(text)'" + (nearest.map { "; did you mean '\($0)'?" } ?? ""))
    }
    if name.takesValue {
      let value = try value(of: name, attached)
      try apply(name, value)
      // Most often a variable that is not set: whatever was meant, it is not the current folder.
      if value.bytes.isEmpty { throw .usage("\(name.rawValue): the value is empty") }
      try remember(Options.Given(name: name, value: value))
    } else {
      if attached != nil { throw .usage("\(name.rawValue) takes no value") }
      try apply(name)
      try remember(Options.Given(name: name, value: nil))
    }
    return true
  }

  private mutating func remember(_ option: Options.Given) throws(Failure) {
    try options.refuseDropping(for: option)
    options.given.append(option)
  }

  /// The value of an option: behind its `=`, or the next word.
  private mutating func value(
    of name: OptionName, _ attached: Word?
  ) throws(Failure) -> Word {
    if let attached { return attached }
    guard next < words.count else { throw .usage("\(name.rawValue) needs a value") }
    let word = words[next]
    // As behind a variable that is not set and stands without quotation marks.
    if word.bytes.elementsEqual("--".utf8) || OptionName(word.text) != nil {
      throw .usage(
        "\(name.rawValue) needs a value, and '\(word.text)' is an option; "
          + "\(name.rawValue)=\(word.text) takes it all the same")
    }
    next += 1
    return word
  }

  /// Applies an option that stands alone; the others have their values.
  private mutating func apply(_ name: OptionName) throws(Failure) {
    switch name {
    case .loopback: options.policy = .preset(.loopback)
    case .quiet: options.isQuiet = true
    case .verbose: options.isVerbose = true
    case .dump: try choose(.dump, name)
    case .explain: try choose(.explain, name)
    case .check: try choose(.check, name)
    case .bestEffort: options.isBestEffort = true
    case .offline: options.isOffline = true
    case .unproved: options.acceptsUnproved = true
    case .observe: options.isObserving = true
    case .hint: options.isHinting = true
    case .help: try choose(.help, name)
    case .version: try choose(.version, name)
    case .install, .uninstall, .status:
      if let actionOption, actionOption != name { throw excluding(actionOption, name) }
      actionOption = name
    case .dryRun: options.isDryRun = true
    case .policy, .deny, .allow, .errno, .backend, .log, .logDirectory, .report, .from, .allowUnix,
      .keepCaps, .arch, .format, .hook:
      return
    }
  }

  private mutating func apply(_ name: OptionName, _ value: Word) throws(Failure) {
    switch name {
    case .policy: options.policy = try Self.policy(value)
    case .deny:
      options.changes.append(.init(verdict: .deny(nil), items: try Self.calls(name, value)))
    case .allow: options.changes.append(.init(verdict: .allow, items: try Self.calls(name, value)))
    case .errno: options.errno = try Self.errno(value)
    case .log: options.log = value
    case .logDirectory: options.logDirectory = value
    case .allowUnix: options.allowedUnix.append(value)
    case .keepCaps:
      options.keptPrivileges = options.keptPrivileges.adding(try Self.privileges(value))
    case .backend: options.backend = try Self.backend(value)
    case .arch: options.architectures = try Self.architectures(value)
    case .format: options.format = try Self.format(value)
    case .report: options.report = value
    case .from: options.from = value
    case .hook:
      try choose(.hook(try Self.host(value), .answer), name)
    case .unproved, .loopback, .bestEffort, .offline, .observe, .hint, .quiet, .verbose, .dump,
      .explain, .check, .install, .uninstall, .status, .dryRun, .help, .version:
      return
    }
  }

  private mutating func choose(_ mode: Options.Mode, _ name: OptionName) throws(Failure) {
    // A hook that printed its help would be taken for one that has no objection.
    let isHelp = modeOption != .hook && (name == .help || name == .version)
    if let modeOption, modeOption != name, !isHelp { throw excluding(modeOption, name) }
    modeOption = name
    options.mode = mode
  }

  private func excluding(_ one: OptionName, _ other: OptionName) -> Failure {
    .usage("\(one.rawValue) and \(other.rawValue) exclude each other")
  }

  private static func onlyForHooks(_ name: OptionName) -> Failure {
    .usage("\(name.rawValue) is for --hook HOST")
  }

  /// What `--report` and `--from` ask for, where they are there.
  private func reportMode(hasCommand: Bool) throws(Failure) -> Options.Mode? {
    guard let report = options.report else {
      if options.from != nil { throw .usage("--from is for --report FILE.html") }
      return nil
    }
    if let modeOption { throw .usage("\(modeOption.rawValue) and --report exclude each other") }
    guard let from = options.from else {
      guard hasCommand else { throw .usage("--report needs a command, or --from LOG") }
      if report.bytes.elementsEqual("-".utf8) {
        throw .usage("--report: standard output belongs to the command; name a file")
      }
      return nil
    }
    if hasCommand {
      throw .usage("--from takes no command, and '\(words[next].text)' is one")
    }
    return .report(file: report, from: from)
  }

  private func onlyForDumps(_ name: OptionName) -> Failure {
    .usage("\(name.rawValue) is for --dump-bpf and --explain")
  }
}
