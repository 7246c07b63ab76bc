internal import BPFAssembler

/// What the supervisor does about a call that waits.
enum Answer: Equatable {
  /// The call fails with this errno.
  case refuse(CInt)
  /// The kernel makes the call. Never for one that the policy denies, unless only observing.
  case proceed
}

/// Decides by the program that was proven to mean the policy, which does not know of supervisors, and
/// before that whether the call would end or starve the supervisor.
struct Judge {
  let oracle: Program
  let filter: SupervisedFilter
  var protection: OwnProtection
  /// Nothing is refused, what would have been is recorded.
  let isObserving: Bool
  /// Where connect is the supervisor's, though the policy allows it.
  var network: PrivateNetwork?
  /// What stays refused, whatever a supervisor makes for the command; `nil` where that is nothing.
  var held: Policy?

  /// What becomes of a call.
  struct Ruling {
    let answer: Answer
    /// What the log says of it; `nil` for what the policy allows.
    let verdict: Outcome?
    /// Whether it is a call that programs are meant to do without.
    var isWithdrawn = false
    /// Whether it was asked about because it may concern the supervisor.
    var isOwn = false
    /// Whether it makes a socket that the supervisor connects.
    var isMade = false
    /// Whether a refusal stands, though a supervisor would make the call for the command.
    var isHeld = false
  }

  /// The answer to a call.
  func ruling(on call: Call, by thread: pid_t) -> Ruling {
    let isOwn = filter.isOwn(call)
    if isOwn, !protection.permits(call, by: thread) {
      return Ruling(answer: .refuse(EPERM), verdict: .refused(EPERM), isOwn: true)
    }
    let isHeld = held?.refuses(call) ?? false
    if !isHeld, let ruling = network?.ruling(on: call) { return ruling }
    let value = oracle.run(call.data)
    if value == SeccompReturn.allow || value == SeccompReturn.log {
      return Ruling(answer: .proceed, verdict: nil, isOwn: isOwn)
    }
    // What is neither allowed nor answered with an errno is not asked about, or only observed.
    let isErrno = value & 0xffff_0000 == SeccompReturn.errno
    let number = isErrno ? CInt(truncatingIfNeeded: value & 0xffff) : EPERM
    // No program tries x32 to find out what there is: its numbers are a way around.
    let isWithdrawn = number == ENOSYS && !call.isX32
    if isObserving {
      return Ruling(answer: .proceed, verdict: .observed, isWithdrawn: isWithdrawn)
    }
    return Ruling(
      answer: .refuse(number), verdict: .refused(number), isWithdrawn: isWithdrawn, isHeld: isHeld)
  }
}

extension Policy {
  /// Whether a call of this machine is refused.
  func refuses(_ call: Call) -> Bool {
    let arguments = (0..<6).map { call.arguments[$0] }
    let asked = SystemCall(arch: call.arch, number: call.number, arguments: arguments)
    return verdict(of: asked, native: .host).refuses
  }

  /// Whether a call of this machine's own ABI is refused.
  func refuses(_ name: String, _ arguments: [UInt64]) -> Bool {
    guard let number = Syscall(named: name)?.number(on: .host) else { return true }
    let asked = SystemCall(
      arch: Architecture.host.auditValue, number: number, arguments: arguments)
    return verdict(of: asked, native: .host).refuses
  }
}
