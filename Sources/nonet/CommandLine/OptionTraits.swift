/// Whether an option takes protection away, so that only those who start nonet may say it.
enum Weakening {
  /// Some of its values do, such as `--policy unix`.
  case byValue
  case always, never
}

/// What nonet is told to do, as the table of options names it.
enum ModeName {
  case run, dump, explain, diff, check, verify, hook, report, session
  case checkPolicy, formatPolicy, why

  /// The mode that an option chooses; `nil` where no option has a word about it in the table.
  init?(_ option: OptionName) {
    switch option {
    case .dump: self = .dump
    case .explain: self = .explain
    case .diff: self = .diff
    case .check: self = .check
    case .checkPolicy: self = .checkPolicy
    case .formatPolicy: self = .formatPolicy
    case .why: self = .why
    case .hook: self = .hook
    case .list, .end: self = .session
    case _: return nil
    }
  }

  /// How a command line asks for it, for messages.
  var words: String {
    switch self {
    case .run: "a command"
    case .dump: "--dump-bpf"
    case .explain: "--explain"
    case .diff: "--diff"
    case .check: "--check"
    case .checkPolicy: "--check-policy"
    case .formatPolicy: "--format-policy"
    case .verify: "--verify PID"
    case .hook: "--hook HOST"
    case .report: "--report FILE.html"
    case .session: "--list or --end"
    case .why: "--why TARGET"
    }
  }
}

extension OptionName {
  /// Whether a value follows the option.
  var takesValue: Bool { kind != nil }

  /// Whether the option speaks of hooks, and not of the commands that they confine.
  var isOfHooks: Bool { self == .hook || modes == [.hook] }

  /// Whether a value names a file, which it does from the folder where the option was said.
  func namesFile(_ value: [UInt8]) -> Bool {
    switch kind {
    case .policy: OptionParser.isPolicyFile(value)
    case .file, .folder: true
    case .socket: !value.elementsEqual("inside".utf8) && !value.starts(with: "env:".utf8)
    case .preset, .call, .errno, .capability, .backend, .arch, .format, .host, .kind, .endpoint,
      .process, .session, .target, nil:
      false
    }
  }
}
