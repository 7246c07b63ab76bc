internal import BPFAssembler

/// What the command line asks for: made once, and read by all that follow.
///
/// It has so many members that each copy would cost a run time and pages of stack.
final class Options {
  /// What nonet is to do.
  enum Mode {
    /// Run the rest of the command line, which begins at this index of argv.
    case run(argument: Int)
    case dump
    case explain
    /// Compare two policies; the second is standard input until its word is read.
    case diff(PolicyChoice, PolicyChoice)
    case check
    /// Say whether this process is confined.
    case inside
    /// Say whether a run would let something through.
    case why(Word)
    /// Say which policy a running process is under.
    case verify(pid_t)
    /// Say what runs in a session, or end it.
    case session(SessionAction)
    /// Speak with the hooks of an agent's host, or put them into its settings.
    indirect case hook(HookHost, HookAction)
    /// Write a page about a log.
    case report(file: Word, from: Word)
    /// Print what is wrong with a policy's text.
    case checkPolicy(PolicyChoice)
    /// Print a policy's text in its canonical form.
    case formatPolicy(PolicyChoice)
    /// Print the text of a preset.
    case printPolicy(Preset)
    /// Print the names that values of a kind can have.
    case names(OptionKind)
    case help(isShort: Bool)
    case version
  }

  /// What is asked about a session.
  enum SessionAction {
    case list, end
  }

  /// Where the policy comes from.
  enum PolicyChoice {
    case preset(Preset)
    case file(Word)
    case standardInput
  }

  /// `--deny` or `--allow`, in the order given; the last that names a call wins.
  struct Change {
    let verdict: Verdict
    let items: [Item]

    /// A call or a group as it was named.
    struct Item {
      let word: String
      let calls: [Syscall]
    }

    var calls: [Syscall] { items.flatMap { $0.calls } }
  }

  /// How a policy is printed.
  enum OutputFormat {
    /// The finished program, or what is known of it.
    case program(Dump.Format)
    /// The policy in the words of another tool.
    case profile(ProfileFormat)
  }

  /// Which architectures a dump is for.
  enum ArchitectureChoice {
    case one(Architecture)
    case every

    var all: [Architecture] {
      switch self {
      case .one(let architecture): [architecture]
      case .every: Architecture.natives
      }
    }
  }

  var mode: Mode = .help(isShort: true)
  /// The policy: the one that was said, or `loopback` where `--allow-listen` needs a network for the command.
  var policy: PolicyChoice {
    get { saidPolicy ?? .preset(listens.isEmpty ? .default : .loopback) }
    set { saidPolicy = newValue }
  }
  private var saidPolicy: PolicyChoice?
  /// `--merge`: the profile that the policy is put on top of.
  var merged: Word?
  var changes: [Change] = []
  var errno = Errno.eacces
  var backend = Plan.Backend.auto
  var isBestEffort = false
  /// `--session`: the commands that share a private network, as it was said.
  var session: Word?
  /// `--offline`: the command's environment tells package tools that there is no network.
  var isOffline = false
  /// Where events are written as they happen; `-` is standard error.
  var log: Word?
  /// Where the document of this run goes.
  var logDirectory: Word?
  var isObserving = false
  var isHinting = false
  /// `--fail-on-attempt`: the status of a run that tried something, though its command ended with 0.
  var attemptStatus: CInt?
  /// `--report` and `--from`: the page to write, and the log that it is about.
  var report: Word?
  var from: Word?
  /// `--allow-unix`: `inside`, a socket or a folder, each.
  var allowedUnix: [Word] = []
  /// `--allow-connect`: where TCP may be connected to, as it was said and as it was understood.
  var allowedConnects: [Word] = []
  var endpoints: [Endpoints] = []
  /// `--allow-listen`: where somebody outside may connect, as it was said and as it was understood.
  var allowedListens: [Word] = []
  var listens: [Listen] = []
  /// `--allow-listen-any`: also by an address that is not of loopback.
  var listensAnywhere = false
  /// `--destinations`: sockets can be made, so that what is refused tells where to.
  var wantsDestinations = false
  /// `--keep-caps`: capabilities that the command keeps.
  var keptPrivileges = Privileges.none
  /// `--allow-signals`: processes outside may get signals.
  var allowsSignals = false
  var architectures: ArchitectureChoice?
  var format: OutputFormat?
  /// `--format-policy` beside `--check`: the text is only looked at.
  var isChecking = false
  /// `--explain CALLS`: the calls that are asked about; `nil` is all.
  var questions: Word?
  /// `--filter`: the file of a filter that is read in the place of a policy; `-` is standard input.
  var filter: Word?
  /// `--verify`: the thread whose filters are read.
  var verify: pid_t?
  /// `--mounts`: nothing that keeps the command from mounting is used where something else does it too.
  var allowsMounts = false
  /// `--unproved`: a filter whose proof comes to no end is used all the same.
  var acceptsUnproved = false
  var isQuiet = false
  var isVerbose = false
  /// Whether the options are said once for all commands, which leaves no room for `--best-effort`.
  var isForEveryCommand = false
  /// `--dry-run`: the settings stay as they are.
  var isDryRun = false
  /// `--no-prefix`: a hook is installed without a prefix beside it.
  var hasNoPrefix = false
  /// `--managed`: the settings of the administrator.
  var isManaged = false
  /// `--cd`: the folder in which the command ended is printed.
  var handsFolder = false
  /// What `-v` says of the options in `$NONET_OPTIONS`.
  var notes: [String] = []
  /// Every option as it was said, in order.
  var given: [Given] = []

  /// An address, of 4 or 16 bytes, with ports.
  struct Endpoints: Equatable {
    let address: [UInt8]
    let ports: [ClosedRange<UInt16>]
  }

  /// A value of `--allow-listen`: `localhost` has two addresses, of which the second one may not be there.
  struct Listen {
    let endpoints: [Endpoints]
  }

  /// An option as it was said.
  struct Given {
    let name: OptionName
    let value: Word?
  }
}

extension Options {
  /// An option for which a supervisor stays beside the command, where there is one.
  var supervisingOption: OptionName? {
    if isObserving { return .observe }
    if log != nil { return .log }
    if report != nil { return .report }
    if logDirectory != nil { return .logDirectory }
    if attemptStatus != nil { return .failOnAttempt }
    if !allowedUnix.isEmpty { return .allowUnix }
    if !allowedConnects.isEmpty { return .allowConnect }
    if !listens.isEmpty { return .allowListen }
    return isHinting ? .hint : nil
  }

  /// Whether what was tried is told in any case, and not only as a hint.
  var isLogging: Bool {
    isObserving || log != nil || report != nil || logDirectory != nil || attemptStatus != nil
  }

  /// What `--fail-on-attempt` ends with unless told.
  static let statusOfAttempts: CInt = 123

  /// Whether the command may as well run without a supervisor: a hint protects nobody, and where the policy
  /// alone wants one, its filter refuses what the supervisor would make.
  var canDoWithoutSupervisor: Bool {
    !isLogging && allowedUnix.isEmpty && !suppliesSockets && listens.isEmpty
  }

  /// Whether the command gets IP sockets from the supervisor.
  var suppliesSockets: Bool { !endpoints.isEmpty || wantsDestinations }

  /// The preset that was chosen, where one was.
  var preset: Preset? {
    guard case .preset(let preset) = policy else { return nil }
    return preset
  }

  /// The preset that runs as it stands, with nothing denied, allowed or answered otherwise.
  var unchangedPreset: Preset? {
    changes.isEmpty && errno == .eacces && merged == nil && !suppliesSockets ? preset : nil
  }
}

/// One word of the command line: bytes as the kernel gave them, and text for messages.
struct Word {
  let pointer: UnsafeMutablePointer<CChar>

  init(pointer: UnsafeMutablePointer<CChar>) {
    self.pointer = pointer
  }

  /// Makes a word that no command line had.
  ///
  /// Nothing frees it: like the command line itself it lives as long as the process.
  ///
  /// - Parameter bytes: None of them NUL.
  init(copying bytes: [UInt8]) {
    pointer = .allocate(capacity: bytes.count + 1)
    for (offset, byte) in bytes.enumerated() { pointer[offset] = CChar(bitPattern: byte) }
    pointer[bytes.count] = 0
  }

  /// The bytes up to the final NUL; not necessarily UTF-8.
  var bytes: [UInt8] {
    var bytes: [UInt8] = []
    var next = pointer
    while next.pointee != 0 {
      bytes.append(UInt8(bitPattern: next.pointee))
      next += 1
    }
    return bytes
  }

  /// The word for comparisons and messages, safe for a terminal.
  var text: String { Self.text(of: bytes) }

  /// Bytes for comparisons and messages, safe for a terminal.
  ///
  /// - Parameter bytes: A word or a part of one.
  /// - Returns: Its text with a '?' for every hidden character.
  static func text(of bytes: some Collection<UInt8>) -> String { SafeText.shown(bytes) }
}
