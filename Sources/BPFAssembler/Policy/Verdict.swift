/// What a policy answers to a system call.
public enum Verdict: Hashable, Sendable {
  /// The kernel runs the call.
  case allow

  /// The call fails with an errno; `nil` is the policy's own `refusal`.
  case deny(Errno?)

  /// The process is killed with SIGSYS.
  case kill

  /// The kernel runs the call and writes an audit record (seccomp(2), SECCOMP_RET_LOG).
  case log
}

extension Verdict {
  /// Whether the call fails or kills, so that nothing of it happens.
  public var refuses: Bool {
    switch self {
    case .allow, .log: false
    case .deny, .kill: true
    }
  }

  /// The verdict with the policy's own errno filled in where the rule names none.
  ///
  /// - Parameter refusal: The errno of a plain `deny`.
  /// - Returns: A verdict that is never `.deny(nil)`.
  public func resolved(refusal: Errno) -> Verdict {
    switch self {
    case .deny(nil): .deny(refusal)
    case .allow, .deny, .kill, .log: self
    }
  }
}

extension Verdict: CustomStringConvertible {
  /// The verdict as the policy language writes it.
  public var description: String {
    switch self {
    case .allow: "allow"
    case .deny(nil): "deny"
    case .deny(let errno?): "deny with \(errno)"
    case .kill: "kill"
    case .log: "log"
    }
  }
}
