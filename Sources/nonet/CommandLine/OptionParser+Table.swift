// swift-format-ignore-file
// Generated from Table/options.txt by Table/options.awk; do not edit: `make options`.

internal import BPFAssembler

extension OptionParser {
  /// Applies an option that stands alone, or may; the others have their values.
  mutating func apply(_ name: OptionName, optional value: Word?) throws(Failure) {
    switch name {
    case .loopback: options.policy = .preset(.loopback)
    case .allowSignals: options.allowsSignals = true
    case .unproved: options.acceptsUnproved = true
    case .bestEffort: options.isBestEffort = true
    case .mounts: options.allowsMounts = true
    case .offline: options.isOffline = true
    case .hint: options.isHinting = true
    case .destinations: options.wantsDestinations = true
    case .failOnAttempt: options.attemptStatus = try Self.attemptStatus(value, before: options.attemptStatus)
    case .observe: options.isObserving = true
    case .allowListenAny: options.listensAnywhere = true
    case .install: action = .install
    case .uninstall: action = .uninstall
    case .status: action = .status
    case .trial: action = .trial
    case .noPrefix: options.hasNoPrefix = true
    case .managed: options.isManaged = true
    case .dryRun: options.isDryRun = true
    case .handsFolder: options.handsFolder = true
    case .dump: try choose(.dump, name)
    case .explain: try choose(.explain, name); options.questions = value
    case .check: try choose(.check, name)
    case .inside: try choose(.inside, name)
    case .list: try choose(.session(.list), name)
    case .end: try choose(.session(.end), name)
    case .quiet: options.isQuiet = true
    case .verbose: options.isVerbose = true
    case .shortHelp: try choose(.help(isShort: true), name)
    case .help: try choose(.help(isShort: false), name)
    case .version: try choose(.version, name)
    case _: return
    }
  }

  /// Applies an option with its value.
  mutating func apply(_ name: OptionName, _ value: Word) throws(Failure) {
    switch name {
    case .policy: options.policy = try Self.policy(value)
    case .merge: options.merged = value
    case .deny: options.changes.append(.init(verdict: .deny(nil), items: try Self.calls(name, value)))
    case .allow: options.changes.append(.init(verdict: .allow, items: try Self.calls(name, value)))
    case .errno: options.errno = try Self.errno(value)
    case .keepCaps: options.keptPrivileges = options.keptPrivileges.adding(try Self.privileges(value))
    case .backend: options.backend = try Self.backend(value)
    case .session: options.session = try Self.session(value)
    case .log: options.log = value
    case .logDirectory: options.logDirectory = value
    case .report: options.report = value
    case .from: options.from = value
    case .allowUnix: options.allowedUnix.append(value)
    case .allowConnect: try Self.allowConnect(value, options)
    case .allowListen: try Self.allowListen(value, options)
    case .hook: try choose(.hook(try Self.host(value), .answer), name)
    case .diff: try choose(.diff(try Self.policy(value, of: name), .standardInput), name)
    case .filter: options.filter = value
    case .verify: options.verify = try Self.process(value)
    case .why: try choose(.why(value), name)
    case .printPolicy: try choose(.printPolicy(try Self.preset(name, value)), name)
    case .checkPolicy: try choose(.checkPolicy(try Self.policy(value, of: name)), name)
    case .formatPolicy: try choose(.formatPolicy(try Self.policy(value, of: name)), name)
    case .names: try choose(.names(try Self.kind(value)), name)
    case .arch: options.architectures = try Self.architectures(value)
    case .format: options.format = try Self.format(value)
    case _: return
    }
  }
}
