/// What a log tells: the runs that wrote to it, and what they tried.
struct RunLog {
  /// Usually one; several runs may share a file.
  var runs: [LoggedRun] = []
  /// Each kind of attempt once, in the order of their first times.
  var events: [LoggedEvent] = []
  /// Attempts that were counted and not recorded.
  var dropped = 0
  /// Whether the last line breaks off, as when the writer was killed.
  var isTorn = false
  /// Whether it says that its run goes on, and nobody writes to it any more.
  var isWithoutWriter = false
  /// Lines before the last that nobody can read.
  var unreadable = 0
}

/// One run of nonet, as the head and the end of its log tell.
struct LoggedRun {
  var command: [String] = []
  var started: Timestamp?
  var ended: Timestamp?
  var pid: Int?
  var backend = ""
  var policy = ""
  var version = ""
  var layers: [String] = []
  /// `exited` and such; `lost` where nonet was killed before the end; `nil` where the log does not tell the end.
  var status: String?
  var exitCode: Int?

  /// Whether the only layer was the Python wrapper, which a program can get past on purpose.
  var isAdvisory: Bool { backend == "python" }

  /// The file name of the command.
  var name: String {
    let path = command.first ?? ""
    return String(path.split(separator: "/").last ?? Substring(path))
  }
}

/// One kind of attempt.
struct LoggedEvent {
  var first: Timestamp?
  var last: Timestamp?
  var pid: Int?
  var tid: Int?
  var program: LoggedProgram
  var abi = ""
  /// The system call, or Python's name of the event.
  var call: String
  var arguments: [LoggedArgument] = []
  var destination: LoggedDestination
  var outcome: Outcome.Kind
  var errno: Int?
  var count: Int
  /// Where in the program, innermost first, as Python tells.
  var stack: [String] = []

  /// Whether a program only looked what there is: no attempt at the network.
  var isProbe = false
}

/// Who tried.
struct LoggedProgram: Equatable {
  /// The thread's name as the kernel has it.
  var name: String
  /// The path of the file that runs; empty where the log does not tell.
  var file: String
}

/// One argument as the log has it; the name is empty where it has none.
struct LoggedArgument {
  let name: String
  let value: String
}

/// Where an attempt would have led.
struct LoggedDestination: Equatable {
  enum Kind: UInt8 {
    /// An address and perhaps a port.
    case address
    /// A name that was to be looked up.
    case host
    /// A socket in the file system, or by an abstract name.
    case unix
    /// None yet: the socket was refused before it could be told one.
    case socket
    /// A call that names none.
    case none
  }

  let kind: Kind
  let text: String
}
