internal import BPFAssembler
internal import CLinuxShims

/// What the supervisor does about a call that waits.
enum Answer: Equatable {
  /// The call fails with this errno.
  case refuse(CInt)
  /// The kernel makes the call. Never for one that the policy denies, unless only observing.
  case proceed
}

/// Decides by the program that was proven to mean the policy, which does not know of supervisors.
struct Judge {
  let oracle: Program
  /// Nothing is refused, what would have been is recorded.
  let isObserving: Bool

  /// The answer to a call, and what the log says of it; `nil` for what the policy allows.
  func ruling(on call: Call) -> (answer: Answer, verdict: Outcome?, isWithdrawn: Bool) {
    let value = oracle.run(call.data)
    if value == SeccompReturn.allow || value == SeccompReturn.log { return (.proceed, nil, false) }
    // What is neither allowed nor answered with an errno is not asked about, or only observed.
    let isErrno = value & 0xffff_0000 == SeccompReturn.errno
    let number = isErrno ? CInt(truncatingIfNeeded: value & 0xffff) : EPERM
    if isObserving { return (.proceed, .observed, number == ENOSYS) }
    return (.refuse(number), .refused(number), number == ENOSYS)
  }
}
