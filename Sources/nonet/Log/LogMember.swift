/// The members of a log's objects by their names, so that what one side writes the other reads.
///
/// The Python wrapper writes such logs too (`net_restrict.py`); docs: `Documentation/supervisor.md`.
enum LogMember: String {
  // The head.
  case timestamp, pid, backend, policy, layers, outer, command, version
  // An event.
  case tid, comm, exe, abi, api, args, verdict, errno, probe, count, last, repeated, stack, query
  case foreignMounts = "foreign_mounts"
  // Its arguments.
  case call, fd, family, type, flags, address, port, path, abstract, groups, messages, name
  case unreadable
  case `protocol`
  case netlinkPort = "netlink_port"
  // The end.
  case events, attempts, dropped, status
  case eventCount = "event_count"
  case exitCode = "exit_code"
}

extension JSONValue {
  /// The member of that name; `nil` where there is none.
  subscript(member: LogMember) -> JSONValue? { self[member.rawValue] }
}

/// What became of an attempt.
enum Outcome: Equatable {
  /// The call answered this errno.
  case refused(CInt)
  /// The policy would have refused it, or it tells where something went; it was made all the same.
  case observed
  /// The policy refuses it, and the supervisor made it where `--allow-unix` lets it.
  case allowed

  /// The same without the errno.
  enum Kind: UInt8, CaseIterable {
    case refused, observed, allowed

    /// The word of logs and pages.
    var word: StaticString {
      switch self {
      case .refused: "refused"
      case .observed: "observed"
      case .allowed: "allowed"
      }
    }
  }

  var kind: Kind {
    switch self {
    case .refused: .refused
    case .observed: .observed
    case .allowed: .allowed
    }
  }

  var errno: CInt? { if case .refused(let number) = self { number } else { nil } }
}

/// How the command ended.
enum Ending: Equatable {
  case running
  case exited(CInt)
  /// By a signal; the exit status is 128 and its number.
  case killed(CInt)
  /// It could not be run.
  case notRun(CInt)
  /// The system does not say how it ended, or whether.
  case lost

  /// The word of logs.
  var status: String {
    switch self {
    case .running: "running"
    case .exited: "exited"
    case .killed: "killed"
    case .notRun: "not run"
    case .lost: "lost"
    }
  }

  var exitCode: CInt? {
    switch self {
    case .running: nil
    case .exited(let code), .notRun(let code): code
    case .killed(let signal): 128 + signal
    case .lost: 125
    }
  }
}
