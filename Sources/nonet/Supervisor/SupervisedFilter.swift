internal import BPFAssembler

/// The filter of a supervised run: `supervision.policy` in front of the user's policy, with questions
/// in the place of refusals.
///
/// What is proven of each part holds of the whole: a call that the first part allows gets the answer
/// of the second, and every other call the answer of the first.
struct SupervisedFilter {
  /// What the kernel is given.
  let program: Program
  /// Says which calls concern the supervisor itself.
  let ownCalls: Program

  /// Why there is no such filter.
  enum Problem: Error {
    /// This binary was built without the program of `supervision.policy`.
    case missing
    /// The policy's program computes its answers.
    case computed
    /// Both parts together have so many instructions.
    case tooLong(Int)
  }

  /// Puts a filter together.
  ///
  /// - Parameters:
  ///   - policy: The proven program of the policy, perhaps with calls refused that are only watched.
  ///   - ends: The proven program of what the policy says of `endCalls`, where it refuses any of them.
  ///   - questions: Asks about what the policy allows.
  ///   - asksAboutKills: Whether what the policy answers by killing is asked about too.
  /// - Throws: Why the policy cannot be supervised.
  init(
    _ policy: CheckedProgram, ends: CheckedProgram?, questions: Program? = nil, asksAboutKills: Bool
  ) throws(Problem) {
    ownCalls = try Self.supervision()
    let asking = ownCalls.exchangingAnswers { value in
      let isQuestion = value & 0xffff_0000 == SeccompReturn.errno && value != Self.sealed
      return isQuestion ? SeccompReturn.userNotification : value
    }
    guard let asking, let notifying = policy.notifying(asksAboutKills: asksAboutKills) else {
      throw .computed
    }
    let parts =
      [asking] + (ends.map { [$0.program] } ?? []) + (questions.map { [$0] } ?? []) + [notifying]
    var joined = notifying
    for part in parts.dropLast().reversed() {
      guard let longer = part.followed(by: joined) else {
        throw .tooLong(parts.reduce(0) { $0 + $1.instructions.count })
      }
      joined = longer
    }
    program = joined
  }

  /// Calls without which no process ends.
  ///
  /// They are never asked about: once nobody answers, a process that makes one would stay for ever.
  static let endCalls = ["exit", "exit_group", "rt_sigreturn", "sigreturn"].compactMap {
    Syscall(named: $0)
  }

  /// Whether a policy's program refuses one of them.
  static func refusesEnd(_ oracle: Program) -> Bool {
    for architecture in [Architecture.host, Architecture.host.compat].compactMap({ $0 }) {
      for call in endCalls {
        guard let number = call.number(on: architecture) else { continue }
        let data = SeccompData(nr: number, arch: architecture.auditValue)
        if oracle.run(data) & 0xffff_0000 == SeccompReturn.errno { return true }
      }
    }
    return false
  }

  /// Whether a call was asked about because it may concern the supervisor.
  func isOwn(_ call: Call) -> Bool {
    !call.isX32 && ownCalls.run(call.data) != SeccompReturn.allow
  }

  /// `ret ERRNO` with EBUSY: what the kernel itself answers to a second listener.
  private static let sealed = SeccompReturn.errno | UInt32(EBUSY)

  /// The program of `supervision.policy`, compiled and proven when nonet was built; the build compares
  /// its bytes with the compiler's.
  private static func supervision() throws(Problem) -> Program {
    guard let bytes = SupervisionFilter.bytes(for: .host) else { throw .missing }
    do throws(ProgramError) {
      return try Program(bytes: bytes)
    } catch {
      throw .missing
    }
  }
}
