internal import BPFAssembler

/// What the command line asks for.
struct Options {
  /// What nonet shall do.
  enum Mode {
    /// Run the rest of the command line, which begins at this index of argv.
    case run(argument: Int)
    case dump
    case explain
    case check
    case help
    case version
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
    let calls: [Syscall]
  }

  /// Which architectures a dump is for.
  enum ArchitectureChoice {
    case one(Architecture)
    case all
  }

  var mode: Mode = .help
  var policy = PolicyChoice.preset(.default)
  var changes: [Change] = []
  var errno = Errno.eacces
  var backend = Plan.Backend.auto
  var isBestEffort = false
  /// Where events are written as they happen; `-` is standard error.
  var log: Word?
  /// Where the document of this run goes.
  var logDirectory: Word?
  var isObserving = false
  var isHinting = false
  /// `--allow-unix`: `inside`, a socket or a folder, each.
  var allowedUnix: [Word] = []
  var architectures: ArchitectureChoice?
  var format: DumpFormat?
  /// `--unproved`: a filter whose proof comes to no end is used all the same.
  var acceptsUnproved = false
  var isQuiet = false
  var isVerbose = false
}

extension Options {
  /// An option for which a supervisor stays beside the command, where there is one.
  var supervisingOption: OptionName? {
    if isObserving { return .observe }
    if log != nil { return .log }
    if !allowedUnix.isEmpty { return .allowUnix }
    if isHinting { return .hint }
    return logDirectory == nil ? nil : .logDirectory
  }

  /// Whether what was tried is told in any case, and not only as a hint.
  var isLogging: Bool { isObserving || log != nil || logDirectory != nil }

  /// Whether the command may as well run without a supervisor: a hint protects nobody.
  var needsOnlyHint: Bool { isHinting && !isLogging && allowedUnix.isEmpty }

  /// The preset that was chosen, where one was.
  var preset: Preset? {
    guard case .preset(let preset) = policy else { return nil }
    return preset
  }

  /// The preset that runs as it stands, with nothing denied, allowed or answered otherwise.
  var unchangedPreset: Preset? { changes.isEmpty && errno == .eacces ? preset : nil }
}

/// One word of the command line: bytes as the kernel gave them, and text for messages.
struct Word {
  let pointer: UnsafeMutablePointer<CChar>

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
  /// - Returns: Its text with a '?' for every control character; U+0080 to U+009F are some too, and
  ///   terminals obey them.
  static func text(of bytes: some Collection<UInt8>) -> String {
    var text = ""
    for scalar in String(decoding: bytes, as: UTF8.self).unicodeScalars {
      let isControl = scalar.value < 0x20 || (0x7f...0x9f).contains(scalar.value)
      text.unicodeScalars.append(isControl ? "?" : scalar)
    }
    return text
  }
}
