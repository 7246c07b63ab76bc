internal import BPFAssembler
internal import CLinuxShims

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
    /// The policy refuses this call, without which no process ends.
    case refusesEnd(String)
  }

  /// Puts a filter together.
  ///
  /// - Parameters:
  ///   - policy: The proven program of the policy, perhaps with calls refused that are only watched.
  ///   - oracle: The proven program of the policy as it is.
  ///   - asksAboutKills: Whether what the policy answers by killing is asked about too.
  /// - Throws: Why the policy cannot be supervised.
  init(
    _ policy: CheckedProgram, oracle: CheckedProgram, asksAboutKills: Bool
  ) throws(Problem) {
    // Once nobody answers, such a call would fail, and its caller never end.
    for name in ["exit", "exit_group", "rt_sigreturn"] {
      guard let number = Syscall(named: name)?.number(on: .host) else { continue }
      let data = SeccompData(nr: number, arch: Architecture.host.auditValue)
      if oracle.program.run(data) & 0xffff_0000 == SeccompReturn.errno { throw .refusesEnd(name) }
    }
    ownCalls = try Self.supervision()
    let asking = ownCalls.exchangingAnswers { value in
      let isQuestion = value & 0xffff_0000 == SeccompReturn.errno && value != Self.sealed
      return isQuestion ? SeccompReturn.userNotification : value
    }
    guard let asking, let notifying = policy.notifying(asksAboutKills: asksAboutKills) else {
      throw .computed
    }
    guard let joined = asking.followed(by: notifying) else {
      throw .tooLong(asking.instructions.count + notifying.instructions.count)
    }
    program = joined
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
    let bytes =
      switch Architecture.host {
      case .aarch64: PackageResources.supervision_aarch64_raw
      case _: PackageResources.supervision_x86_64_raw
      }
    do throws(ProgramError) {
      return try Program(bytes: bytes)
    } catch {
      throw .missing
    }
  }
}
