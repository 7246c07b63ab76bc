internal import BPFAssembler
internal import CLinuxShims

/// Reads the command line up to the command.
struct OptionParser {
  private let words: [Word]
  private var next = 1
  private var options = Options()
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
    if modeOption == .help || modeOption == .version { return options }
    let hasCommand = next < words.count
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
    var value: Word?
    var text = word.text
    if bytes.starts(with: "--".utf8), let equals = bytes.firstIndex(of: UInt8(ascii: "=")) {
      value = Word(pointer: word.pointer + equals + 1)
      text = Word.text(of: bytes[..<equals])
    }
    guard let name = OptionName(text) else {
      let names = OptionName.allCases.lazy.filter { $0.isAvailable }.map { $0.rawValue }
      let nearest = nearestName(to: text.utf8, among: names)
      throw .usage(
        "no option is called '\(text)'" + (nearest.map { "; did you mean '\($0)'?" } ?? ""))
    }
    guard name.isAvailable else { throw Self.notAvailable(name.rawValue) }
    if name.takesValue, value == nil {
      guard next < words.count else { throw .usage("\(name.rawValue) needs a value") }
      value = words[next]
      next += 1
    }
    if let value {
      guard name.takesValue else { throw .usage("\(name.rawValue) takes no value") }
      try apply(name, value)
    } else {
      try apply(name)
    }
    return true
  }

  private mutating func apply(_ name: OptionName) throws(Failure) {
    switch name {
    case .loopback: options.policy = .preset(.loopback)
    case .quiet: options.isQuiet = true
    case .verbose: options.isVerbose = true
    case .dump: try choose(.dump, name)
    case .explain: try choose(.explain, name)
    case .check: try choose(.check, name)
    case .bestEffort: options.isBestEffort = true
    case .unproved: options.acceptsUnproved = true
    case .observe: options.isObserving = true
    case .hint: options.isHinting = true
    case .help: try choose(.help, name)
    case .version: try choose(.version, name)
    case .policy, .deny, .allow, .errno, .backend, .offline, .log, .logDirectory, .report, .from,
      .allowUnix, .arch, .format, .hook:
      throw Self.notAvailable(name.rawValue)
    }
  }

  private mutating func apply(_ name: OptionName, _ value: Word) throws(Failure) {
    switch name {
    case .policy: options.policy = try Self.policy(value)
    case .deny:
      options.changes.append(.init(verdict: .deny(nil), calls: try Self.calls(name, value)))
    case .allow: options.changes.append(.init(verdict: .allow, calls: try Self.calls(name, value)))
    case .errno: options.errno = try Self.errno(value)
    case .log: options.log = value
    case .logDirectory: options.logDirectory = value
    case .allowUnix: options.allowedUnix.append(value)
    case .backend: options.backend = try Self.backend(value)
    case .arch: options.architectures = try Self.architectures(value)
    case .format: options.format = try Self.format(value)
    case .unproved, .loopback, .bestEffort, .offline, .observe, .report, .from,
      .hint, .quiet, .verbose, .dump, .explain, .check, .hook, .help, .version:
      throw Self.notAvailable(name.rawValue)
    }
  }

  private mutating func choose(_ mode: Options.Mode, _ name: OptionName) throws(Failure) {
    if let modeOption, modeOption != name, name != .help, name != .version {
      throw .usage("\(modeOption.rawValue) and \(name.rawValue) exclude each other")
    }
    modeOption = name
    options.mode = mode
  }

  private func onlyForDumps(_ name: OptionName) -> Failure {
    .usage("\(name.rawValue) is for --dump-bpf and --explain")
  }

  private static func notAvailable(_ what: String) -> Failure {
    .refused("\(what) is not available in this version")
  }
}
