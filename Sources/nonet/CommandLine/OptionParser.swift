internal import BPFAssembler

/// Reads the command line up to the command.
///
/// What options there are and how each is applied is generated from `Table/options.txt`.
struct OptionParser {
  private let words: [Word]
  private var next = 1
  /// What has been read so far.
  let options = Options()
  /// What `--hook` is to do besides answering, where that was said.
  var action: HookAction?
  /// The option that chose the mode, where one did.
  private var modeOption: OptionName?

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
    if let modeOption, Self.isHelp(modeOption) { return options }
    if case .hook(let host, _) = options.mode {
      options.mode = .hook(host, action ?? .answer)
      if options.isDryRun, action != .install, action != .uninstall {
        throw .usage("--dry-run is for --install and --uninstall")
      }
    }
    let hasCommand = next < words.count
    if let reportMode = try reportMode(hasCommand: hasCommand) {
      options.mode = reportMode
      return options
    }
    guard let modeOption else {
      if let process = options.verify {
        try refuseMisplaced(in: .verify)
        if hasCommand {
          throw .usage("--verify takes no command, and '\(words[next].text)' is one")
        }
        options.mode = .verify(process)
        return options
      }
      try refuseMisplaced(in: .run)
      guard hasCommand else { throw .usage("no command was given\(takenWord)") }
      options.mode = .run(argument: next)
      return options
    }
    if let mode = ModeName(modeOption) { try refuseMisplaced(in: mode) }
    if case .session = options.mode, options.session == nil {
      throw .usage("\(modeOption.rawValue) is for --session NAME")
    }
    if case .diff(let first, _) = options.mode {
      guard next + 1 == words.count else {
        throw .usage("--diff compares two policies\(hasCommand ? ", and there are more" : "")")
      }
      options.mode = .diff(first, try Self.policy(words[next], of: .diff))
      return options
    }
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
    try parser.options.refuseUnfitting(among: parser.options.given)
    parser.options.isForEveryCommand = true
    return parser.options
  }

  /// Fills options anew from such as have been read before.
  ///
  /// - Parameters:
  ///   - given: The options, in the order in which they are applied.
  ///   - mode: What nonet is to do.
  /// - Returns: The options as if a command line had said them.
  /// - Throws: Nothing that was not thrown when they were read.
  static func options(
    saying given: [Options.Given], mode: Options.Mode
  ) throws(Failure) -> Options {
    var parser = OptionParser(words: [])
    for option in given {
      if option.name.takesValue, let value = option.value {
        try parser.apply(option.name, value)
      } else {
        try parser.apply(option.name, optional: option.value)
      }
    }
    parser.options.given = given
    parser.options.mode = mode
    return parser.options
  }

  /// Refuses an option that says nothing about what is to be done.
  private func refuseMisplaced(in mode: ModeName) throws(Failure) {
    for option in options.given {
      guard let modes = option.name.modes, !modes.contains(mode) else { continue }
      let words = modes.map { $0.words }
      let last = words.count > 1 ? " and \(words[words.count - 1])" : ""
      throw .usage(
        "\(option.name.rawValue) is for "
          + (last.isEmpty ? words[...] : words.dropLast()).joined(separator: ", ") + last)
    }
  }

  /// Where no word was left for the command: which option has taken the last one.
  private var takenWord: String {
    guard let last = options.given.last, let value = last.value,
      value.pointer == words.last?.pointer
    else { return "" }
    return "; '\(value.text)' was taken as the value of \(last.name.rawValue)"
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
      let names = OptionName.allCases.lazy.map { $0.rawValue }.filter { $0.utf8.count > 2 }
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
      if attached != nil, !name.mayTakeValue {
        throw .usage("\(name.rawValue) takes no value")
      }
      if attached == nil, name.mayTakeNextWord { attached = wordThatIsNoOption() }
      try apply(name, optional: attached)
      try remember(Options.Given(name: name, value: attached))
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

  /// Steps over the next word, where it is neither an option nor `--`.
  private mutating func wordThatIsNoOption() -> Word? {
    guard next < words.count, words[next].bytes.first != UInt8(ascii: "-") else { return nil }
    next += 1
    return words[next - 1]
  }

  /// Chooses what nonet is to do.
  ///
  /// - Throws: Which other option chose something else before.
  mutating func choose(_ mode: Options.Mode, _ name: OptionName) throws(Failure) {
    let both = [modeOption, name]
    if both.contains(.formatPolicy), both.contains(.check) {
      options.isChecking = true
      if name == .check { return }
      modeOption = nil
    }
    // A hook that printed its help would be taken for one that has no objection.
    let isHelp = modeOption != .hook && Self.isHelp(name)
    if let modeOption, modeOption != name, !isHelp {
      throw .usage("\(modeOption.rawValue) and \(name.rawValue) exclude each other")
    }
    modeOption = name
    options.mode = mode
  }

  private static func isHelp(_ name: OptionName) -> Bool {
    name == .help || name == .shortHelp || name == .version
  }

  /// What `--report` and `--from` ask for, where they are there.
  private func reportMode(hasCommand: Bool) throws(Failure) -> Options.Mode? {
    guard let report = options.report else {
      if options.from != nil { throw .usage("--from is for --report FILE.html") }
      return nil
    }
    if let modeOption { throw .usage("\(modeOption.rawValue) and --report exclude each other") }
    guard let from = options.from else {
      guard hasCommand else { throw .usage("--report needs a command, or --from LOG\(takenWord)") }
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
}
