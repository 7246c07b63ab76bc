/// Every option there is, so that each is either understood or refused by name.
enum OptionName: String, CaseIterable {
  case policy = "--policy"
  case loopback = "--loopback"
  case deny = "--deny"
  case allow = "--allow"
  case errno = "--errno"
  case unproved = "--unproved"
  case backend = "--backend"
  case bestEffort = "--best-effort"
  case offline = "--offline"
  case log = "--log"
  case logDirectory = "--log-dir"
  case observe = "--observe"
  case report = "--report"
  case from = "--from"
  case allowUnix = "--allow-unix"
  case hint = "--hint"
  case arch = "--arch"
  case format = "--format"
  case quiet = "--quiet"
  case verbose = "--verbose"
  case dump = "--dump-bpf"
  case explain = "--explain"
  case check = "--check"
  case hook = "--hook"
  case help = "--help"
  case version = "--version"

  init?(_ text: String) {
    switch text {
    case "-q": self = .quiet
    case "-v": self = .verbose
    case "-h": self = .help
    case _:
      guard let option = Self.allCases.first(where: { $0.rawValue == text }) else { return nil }
      self = option
    }
  }

  /// Whether the option is followed by a value.
  var takesValue: Bool {
    switch self {
    case .policy, .deny, .allow, .errno, .backend, .log, .logDirectory, .report, .from,
      .allowUnix, .arch, .format, .hook:
      true
    case .unproved, .loopback, .bestEffort, .offline, .observe, .hint, .quiet, .verbose, .dump,
      .explain, .check, .help, .version:
      false
    }
  }

  /// Whether this version does what the option asks for.
  var isAvailable: Bool {
    switch self {
    case .policy, .deny, .allow, .errno, .unproved, .backend, .loopback, .log, .logDirectory,
      .observe, .hint, .allowUnix, .arch, .format, .quiet, .verbose, .bestEffort, .dump, .explain,
      .check,
      .help,
      .version:
      true
    case .offline, .report, .from, .hook:
      false
    }
  }
}
