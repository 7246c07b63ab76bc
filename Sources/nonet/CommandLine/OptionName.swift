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
  case keepCaps = "--keep-caps"
  case hint = "--hint"
  case arch = "--arch"
  case format = "--format"
  case quiet = "--quiet"
  case verbose = "--verbose"
  case dump = "--dump-bpf"
  case explain = "--explain"
  case check = "--check"
  case hook = "--hook"
  case install = "--install"
  case uninstall = "--uninstall"
  case status = "--status"
  case dryRun = "--dry-run"
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

  /// Whether a value follows the option.
  var takesValue: Bool {
    switch self {
    case .policy, .deny, .allow, .errno, .backend, .log, .logDirectory, .report, .from, .allowUnix,
      .keepCaps, .arch, .format, .hook:
      true
    case .loopback, .unproved, .bestEffort, .offline, .observe, .hint, .quiet, .verbose, .dump,
      .explain, .check, .install, .uninstall, .status, .dryRun, .help, .version:
      false
    }
  }

  /// Whether the option may be said again with another value, which then adds to those before.
  var mayBeRepeated: Bool {
    switch self {
    case .deny, .allow, .allowUnix, .keepCaps: true
    case .policy, .loopback, .errno, .unproved, .backend, .bestEffort, .offline, .log,
      .logDirectory, .observe, .report, .from, .hint, .arch, .format, .quiet, .verbose, .dump,
      .explain, .check, .hook, .install, .uninstall, .status, .dryRun, .help, .version:
      false
    }
  }

  /// Whether the option may stand where commands are confined for good: in a hook or for a shell.
  ///
  /// `--best-effort` and `--observe` may not, since there they would run commands unconfined and nobody
  /// would look.
  var isForEveryCommand: Bool {
    switch self {
    case .policy, .loopback, .deny, .allow, .errno, .unproved, .backend, .offline, .log,
      .logDirectory, .allowUnix, .keepCaps, .hint, .quiet, .verbose:
      true
    case .bestEffort, .observe, .report, .from, .arch, .format, .dump, .explain, .check, .hook,
      .install, .uninstall, .status, .dryRun, .help, .version:
      false
    }
  }

  /// Whether the option speaks of hooks, and not of the commands that they confine.
  var isOfHooks: Bool {
    switch self {
    case .hook, .install, .uninstall, .status, .dryRun: true
    case .policy, .loopback, .deny, .allow, .errno, .unproved, .backend, .bestEffort, .offline,
      .log, .logDirectory, .observe, .report, .from, .allowUnix, .keepCaps, .hint, .arch, .format,
      .quiet,
      .verbose, .dump, .explain, .check, .help, .version:
      false
    }
  }

  /// Whether a value names a file, which it does from the folder where the option was said.
  func namesFile(_ value: [UInt8]) -> Bool {
    switch self {
    case .policy:
      value.contains(UInt8(ascii: "/")) || value.suffix(7).elementsEqual(".policy".utf8)
    case .log, .logDirectory, .from: true
    case .allowUnix: !value.elementsEqual("inside".utf8)
    case .loopback, .deny, .allow, .errno, .unproved, .backend, .bestEffort, .offline, .observe,
      .report, .keepCaps, .hint, .arch, .format, .quiet, .verbose, .dump, .explain, .check, .hook,
      .install, .uninstall, .status, .dryRun, .help, .version:
      false
    }
  }
}
