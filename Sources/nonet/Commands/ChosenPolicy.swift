internal import BPFAssembler

/// The policy that the command line asks for, ready to be compiled.
struct ChosenPolicy {
  private(set) var policy: Policy
  /// The policy without what it is merged with.
  private var own: Policy
  /// The profile of `--merge`.
  private let merged: Policy?
  /// What the policy is called: a preset or a file, and what it is merged with.
  let name: String
  /// What the text asks for besides the filter.
  let layers: Layers
  /// Whether the text has the line `network allowed`.
  let expectsNetwork: Bool
  /// Whether the text lets connect(2) through, whatever the socket is.
  let allowsConnect: Bool
  /// How many rules the command line put in front of the text's own.
  private let changes: Int
  /// How many rules stand before those, for what a supervisor supplies.
  private let supplied: Int
  /// The text, for errors that only the compiler sees, and what it is called; a profile has none.
  private let parsed: ParsedPolicy?
  private let file: String
  private let acceptsUnproved: Bool
  private var isQuiet: Bool

  /// Reads the policy and applies what the command line changes about it.
  ///
  /// - Parameters:
  ///   - options: The command line.
  ///   - deniesDebug: Whether the calls of `@debug` are denied, unless the command line allows them.
  /// - Throws: A failure with every error of the policy's text.
  init(_ options: Options, deniesDebug: Bool = false) throws(Failure) {
    try self.init(options, PolicySources(options), for: .host, deniesDebug: deniesDebug)
  }

  /// Resolves a policy that has been read for one machine, and applies what the command line changes.
  ///
  /// - Parameters:
  ///   - options: The command line.
  ///   - sources: What was read.
  ///   - architecture: The machine, which counts for profiles alone.
  ///   - deniesDebug: Whether the calls of `@debug` are denied, unless the command line allows them.
  ///   - warns: Whether its warnings have not been said yet.
  /// - Throws: A failure with every error of the policy's text.
  init(
    _ options: Options, _ sources: PolicySources, for architecture: Architecture,
    deniesDebug: Bool = false, warns: Bool = true
  ) throws(Failure) {
    let isQuiet = options.isQuiet || !warns
    self.isQuiet = isQuiet
    let read = try sources.own.policy(
      for: architecture, isQuiet: isQuiet
    ) { layers throws(Failure) in try options.expectedCapabilities(under: layers) }
    layers = read.layers
    expectsNetwork = read.expectsNetwork
    parsed = read.parsed
    file = sources.own.file
    let ownLayers = layers
    merged = try sources.merged?.policy(
      for: architecture, isQuiet: isQuiet
    ) { _ throws(Failure) in try options.expectedCapabilities(under: ownLayers) }.policy
    name = sources.name
    var policy = read.policy
    policy.refusal = options.errno
    // What is said later stands before what was said earlier, and all of it before the policy.
    for change in options.changes {
      let place = Policy.Place(change.verdict == .allow ? "--allow" : "--deny")
      policy.rules.insert(Policy.Rule(change.verdict, change.calls, at: place), at: 0)
    }
    allowsConnect = Self.allowsConnect(merged.map { policy.met($0) } ?? policy)
    let supplied =
      options.suppliesSockets
      ? try SuppliedSockets.parsed(SuppliedSockets.rules(isPrivate: layers.hasNamespace)) : []
    policy.rules.insert(contentsOf: supplied, at: 0)
    changes = options.changes.count + supplied.count
    self.supplied = supplied.count
    own = policy
    self.policy = policy
    acceptsUnproved = options.acceptsUnproved
    merge()
    if deniesDebug { denyDebug() }
  }

  private mutating func merge() { policy = merged.map { own.met($0) } ?? own }

  /// The same policy where no Landlock keeps the command from processes outside: the calls of `@debug`
  /// are denied, unless the command line allows them.
  func denyingDebug() -> ChosenPolicy {
    var changed = self
    changed.denyDebug()
    return changed
  }

  private mutating func denyDebug() {
    let rule = Policy.Rule(.deny(nil), SyscallGroup.debug.calls, at: Policy.Place("--deny"))
    own.rules.insert(rule, at: changes)
    merge()
  }

  /// What stays refused although a supervisor gives the command sockets or connects.
  ///
  /// It gives what the policy's own text refuses. What `--deny` and the profile of `--merge` refuse it does not give,
  /// nor what the text says of other calls, or of a whole ABI.
  ///
  /// - Parameter isPrivate: Whether the command has a network of its own, where the text has to let connect through.
  /// - Returns: The policy with these calls allowed by its text.
  func held(isPrivate: Bool) -> Policy {
    var held = own
    held.rules.removeFirst(supplied)
    let given = (isPrivate ? ["socket"] : ["socket", "connect"]).compactMap { Syscall(named: $0) }
    held.rules.insert(
      Policy.Rule(.allow, given, at: Policy.Place("supervisor")), at: changes - supplied)
    return merged.map { held.met($0) } ?? held
  }

  /// The same policy where Landlock holds AF_UNIX sockets: its text lets them be made and connected.
  ///
  /// What `--deny` and the profile of `--merge` refuse stays refused.
  ///
  /// - Parameter rules: What is said in the place of the text.
  /// - Returns: The policy for the filter.
  func holdingSockets(_ rules: [Policy.Rule]) -> ChosenPolicy {
    var changed = self
    changed.own.rules.insert(contentsOf: rules, at: changes)
    changed.merge()
    return changed
  }

  /// How IP sockets can be made under the policy; `nil` where they cannot.
  var wayToIP: String? {
    IPSockets.way { !policy.verdict(of: $0, native: .host).refuses }
  }

  /// The same policy, but for calls that are denied whatever it says of them; nothing is said twice.
  func denying(_ calls: [Syscall]) -> ChosenPolicy {
    var changed = self
    let rule = Policy.Rule(.deny(nil), calls, at: Policy.Place("--deny"))
    changed.policy.rules.insert(rule, at: 0)
    changed.isQuiet = true
    return changed
  }

  /// The same policy with other rules in front; nothing is said twice.
  func preceded(by rules: [Policy.Rule]) -> ChosenPolicy {
    var changed = self
    changed.policy.rules.insert(contentsOf: rules, at: 0)
    changed.isQuiet = true
    return changed
  }

  private static func allowsConnect(_ policy: Policy) -> Bool {
    let pointer: UInt64 = 1 << 32 | 4096
    return [Architecture.host, Architecture.host.compat].contains { architecture in
      guard let architecture, let number = Syscall(named: "connect")?.number(on: architecture)
      else { return false }
      let call = SystemCall(
        arch: architecture.auditValue, number: number,
        arguments: [3, architecture.is32Bit ? 4096 : pointer, 16])
      return !policy.verdict(of: call, native: .host).refuses
    }
  }

  /// What the policy says of some calls, with all others allowed; nothing is said twice.
  func only(_ calls: [Syscall]) -> ChosenPolicy {
    var changed = self
    var rules: [Policy.Rule] = []
    for rule in policy.rules {
      let some = rule.calls.filter { calls.contains($0) }
      if some.isEmpty { continue }
      rules.append(Policy.Rule(rule.verdict, some, if: rule.condition, at: rule.place))
    }
    changed.policy = Policy(
      defaultVerdict: .allow, foreign: policy.foreign == .compile ? .compile : .verdict(.allow),
      x32: .allow, refusal: policy.refusal,
      rules: rules + [Policy.Rule(policy.defaultVerdict, calls, at: Policy.Place("default"))])
    changed.isQuiet = true
    return changed
  }

  /// Compiles the policy for a machine and proves that its filters, mostly one, mean it.
  ///
  /// - Parameter architecture: The machine.
  /// - Returns: The filters in the order in which they are installed, and what may be installed.
  /// - Throws: What is wrong with the policy, or that it is too long for filters.
  func filters(
    for architecture: Architecture
  ) throws(Failure) -> (compiled: [CompiledPolicy], checked: CheckedChain) {
    let compiled: [CompiledPolicy]
    do throws(CompilerError) {
      compiled = try CompiledPolicy.filters(of: policy, for: architecture)
    } catch {
      throw failure(error)
    }
    do throws(ProofError) {
      let checked = try CheckedChain(
        FilterChain(compiled), means: policy, for: architecture, acceptsUndecided: acceptsUnproved)
      if let doubt = checked.doubt, !isQuiet {
        say("policy \(name): the filter is used unproved: \(doubt)")
      }
      return (compiled, checked)
    } catch {
      throw .refused("policy \(name): \(Self.words(error))")
    }
  }

  /// The same for a supervisor, who can answer for one filter only.
  ///
  /// - Parameter architecture: The machine.
  /// - Returns: The filter.
  /// - Throws: Also that the policy takes several.
  func program(for architecture: Architecture) throws(Failure) -> CheckedProgram {
    let checked = try filters(for: architecture).checked
    guard let program = checked.single else {
      throw .severalFilters(checked.chain.programs.count, name)
    }
    return program
  }

  /// Every error of a policy's text, in words.
  static func failure(_ error: PolicyError, _ file: String) -> Failure {
    let count = error.diagnostics.count
    let texts = error.diagnostics.map { $0.text(name: file) }
    let sum = count == 1 ? "1 error" : "\(count) errors"
    return .refused(texts.joined(separator: "\n") + "\n\(sum); the policy was not used")
  }

  private static func words(_ error: ProofError) -> String {
    switch error {
    case .disproved(let counterexample):
      "the compiler made a wrong program, which was not used: \(counterexample); please report this"
    case .undecided(let undecided):
      "the program could not be proven right: \(undecided); say less in one call's rules, or "
        + "accept it with --unproved"
    }
  }

  private func failure(_ error: CompilerError) -> Failure {
    if let diagnostic = Self.missingArgument(error, in: policy, parsed) {
      return Self.failure(PolicyError(diagnostics: [diagnostic]), file)
    }
    return .refused(Self.words(error, in: policy, name) + (shorter(error) ?? ""))
  }

  /// How long the filters would be without the 32-bit ABI, where that could help.
  private func shorter(_ error: CompilerError) -> String? {
    var native = policy
    native.foreign = .verdict(.kill)
    let isTooLong =
      switch error {
      case .callTooLong, .chainTooLong: true
      case .tooLong, .noSuchArgument, .refused: false
      }
    guard isTooLong, policy.foreign == .compile else { return nil }
    do throws(CompilerError) {
      let filters = try CompiledPolicy.filters(of: native, for: .host)
      let count = FilterChain(filters).instructionCount
      return "; with 'foreign kill', for \(Architecture.host) alone, it has \(count) instructions"
    } catch {
      return nil
    }
  }

  /// The place of an argument that an ABI lacks; `nil` for another error, or a rule that stands in no text.
  static func missingArgument(
    _ error: CompilerError, in policy: Policy, _ parsed: ParsedPolicy?
  ) -> PolicyDiagnostic? {
    guard case .noSuchArgument(let rule, let call, let architecture) = error else { return nil }
    return parsed?.missingArgument(at: policy.rules[rule].place, of: call, on: architecture)
  }

  static func words(_ error: CompilerError, in policy: Policy, _ name: String) -> String {
    switch error {
    case .tooLong(let count):
      "policy \(name) compiles to \(count) instructions, and the kernel takes at most "
        + "\(Program.mostInstructions); say less, or merge rules"
    case .callTooLong(let call, let count):
      "policy \(name): the rules of \(call) alone compile to \(count) instructions, and the kernel takes at "
        + "most \(Program.mostInstructions) in one filter; say less, or merge rules"
    case .chainTooLong(let count):
      "policy \(name) compiles to \(count) instructions, and of all filters of a process the kernel takes at "
        + "most \(FilterChain.mostTranslatedInstructions), counted as it translates them; say less, or "
        + "merge rules"
    case .noSuchArgument(let rule, let call, let architecture):
      "\(policy.rules[rule].place?.description ?? name): \(call.name) has no such argument on \(architecture), for which the "
        + "rules are compiled too; use arg0 to arg5, or say 'foreign deny'"
    case .refused(let error):
      "policy \(name): the compiler made a program that the kernel would refuse "
        + "(\(error)); please report this"
    }
  }
}
