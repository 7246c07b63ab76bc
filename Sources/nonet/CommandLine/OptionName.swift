// swift-format-ignore-file
// Generated from Table/options.txt by Table/options.awk; do not edit: `make options`.

/// Every option there is, so that each is either understood or refused by name.
enum OptionName: String, CaseIterable {
  case policy = "--policy"
  case loopback = "--loopback"
  case merge = "--merge"
  case deny = "--deny"
  case allow = "--allow"
  case errno = "--errno"
  case keepCaps = "--keep-caps"
  case allowSignals = "--allow-signals"
  case unproved = "--unproved"
  case backend = "--backend"
  case bestEffort = "--best-effort"
  case mounts = "--mounts"
  case offline = "--offline"
  case session = "--session"
  case log = "--log"
  case logDirectory = "--log-dir"
  case report = "--report"
  case from = "--from"
  case hint = "--hint"
  case destinations = "--destinations"
  case failOnAttempt = "--fail-on-attempt"
  case observe = "--observe"
  case allowUnix = "--allow-unix"
  case allowConnect = "--allow-connect"
  case allowListen = "--allow-listen"
  case allowListenAny = "--allow-listen-any"
  case hook = "--hook"
  case install = "--install"
  case uninstall = "--uninstall"
  case status = "--status"
  case trial = "--try"
  case noPrefix = "--no-prefix"
  case managed = "--managed"
  case dryRun = "--dry-run"
  case handsFolder = "--cd"
  case dump = "--dump-bpf"
  case explain = "--explain"
  case diff = "--diff"
  case filter = "--filter"
  case verify = "--verify"
  case check = "--check"
  case inside = "--inside"
  case why = "--why"
  case list = "--list"
  case end = "--end"
  case printPolicy = "--print-policy"
  case checkPolicy = "--check-policy"
  case formatPolicy = "--format-policy"
  case names = "--names"
  case arch = "--arch"
  case format = "--format"
  case quiet = "--quiet"
  case verbose = "--verbose"
  case shortHelp = "-h"
  case help = "--help"
  case version = "--version"

  /// Finds an option by its name or its letter.
  init?(_ text: String) {
    switch text {
    case "-q": self = .quiet
    case "-v": self = .verbose
    case _:
      guard let option = Self.allCases.first(where: { $0.rawValue == text }) else { return nil }
      self = option
    }
  }

  /// What the value is; `nil` for an option that has none.
  var kind: OptionKind? {
    switch self {
    case .policy, .diff, .checkPolicy, .formatPolicy: .policy
    case .printPolicy: .preset
    case .deny, .allow: .call
    case .errno: .errno
    case .backend: .backend
    case .keepCaps: .capability
    case .arch: .arch
    case .format: .format
    case .hook: .host
    case .names: .kind
    case .merge, .log, .report, .from, .filter: .file
    case .logDirectory: .folder
    case .allowUnix: .socket
    case .allowConnect, .allowListen: .endpoint
    case .verify: .process
    case .session: .session
    case .why: .target
    case _: nil
    }
  }

  /// Whether a value may follow: behind an `=`, since the next word is the command where there is one.
  var mayTakeValue: Bool {
    switch self {
    case .failOnAttempt, .explain: true
    case _: false
    }
  }

  /// Whether the next word may be the value that may follow.
  var mayTakeNextWord: Bool {
    switch self {
    case .explain: true
    case _: false
    }
  }

  /// Whether it may be said again with another value, which then adds to those before.
  var mayBeRepeated: Bool {
    switch self {
    case .deny, .allow, .keepCaps, .allowUnix, .allowConnect, .allowListen: true
    case _: false
    }
  }

  /// Whether it may stand where commands are confined for good: in a hook or for a shell.
  var isForEveryCommand: Bool {
    switch self {
    case .policy, .loopback, .merge, .deny, .allow, .errno, .keepCaps, .allowSignals, .unproved, .backend, .mounts, .offline, .session, .log, .logDirectory, .hint, .destinations, .allowUnix, .allowConnect, .quiet, .verbose: true
    case _: false
    }
  }

  /// Whether it takes protection away.
  var weakening: Weakening {
    switch self {
    case .allow, .keepCaps, .allowSignals, .unproved, .bestEffort, .observe, .allowUnix, .allowConnect, .allowListen, .allowListenAny: .always
    case .policy, .backend: .byValue
    case _: .never
    }
  }

  /// The options that cannot stand beside it, and why.
  var exclusion: (names: [OptionName], reason: String?) {
    switch self {
    case .policy: ([.policy], "a command has one policy")
    case .loopback: ([.policy], "--loopback is short for --policy loopback; the line 'layers namespace' in a policy file gives it a network of its own")
    case .merge: ([.merge], "a policy is merged with one profile")
    case .install: ([.uninstall, .status, .trial], nil)
    case .uninstall: ([.install, .status, .trial], nil)
    case .status: ([.install, .uninstall, .trial], nil)
    case .trial: ([.install, .uninstall, .status], nil)
    case .filter: ([.verify], "both name the filter to read")
    case .verify: ([.filter], "both name the filter to read")
    case .end: ([.list], nil)
    case _: ([], nil)
    }
  }

  /// Where it may stand; `nil` where that is everywhere.
  var modes: [ModeName]? {
    switch self {
    case .session: [.run, .hook, .session, .why]
    case .report: [.run, .report]
    case .from: [.report]
    case .failOnAttempt: [.run]
    case .install: [.hook]
    case .uninstall: [.hook]
    case .status: [.hook]
    case .trial: [.hook]
    case .noPrefix: [.hook]
    case .managed: [.hook]
    case .dryRun: [.hook]
    case .handsFolder: [.run]
    case .filter: [.dump, .explain]
    case .verify: [.verify, .dump, .explain]
    case .list: [.session]
    case .end: [.session]
    case .arch: [.dump, .explain, .diff, .checkPolicy]
    case .format: [.dump, .explain, .check, .checkPolicy, .why]
    case _: nil
    }
  }
}

/// What the value of an option is.
enum OptionKind: String, CaseIterable {
  case policy
  case preset
  case call
  case errno
  case backend
  case capability
  case arch
  case format
  case host
  case kind
  case file
  case folder
  case socket
  case endpoint
  case process
  case session
  case target
}
