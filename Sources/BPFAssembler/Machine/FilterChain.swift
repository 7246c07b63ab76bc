/// Programs that one process is under, in the order in which they were installed; at least one.
///
/// The kernel runs all of them for a call, the youngest first, and takes the answer whose action refuses
/// most; of answers with one action the youngest program's (kernel/seccomp.c, seccomp_run_filters).
public struct FilterChain: Hashable, Sendable {
  /// The most that the kernel holds of a process's filters, in instructions of its own
  /// (kernel/seccomp.c, MAX_INSNS_PER_PATH).
  public static let mostTranslatedInstructions = 32768

  /// The programs, the oldest first.
  public let programs: [Program]

  /// Makes a chain.
  ///
  /// - Parameters:
  ///   - first: The program that is installed first.
  ///   - others: Those that follow.
  public init(_ first: Program, _ others: [Program] = []) {
    programs = [first] + others
  }

  /// The instructions of all programs together.
  public var instructionCount: Int { programs.reduce(0) { $0 + $1.instructions.count } }

  /// What the kernel counts against `mostTranslatedInstructions`: four more for each older program
  /// (kernel/seccomp.c, seccomp_attach_filter).
  public var translatedCount: Int {
    programs.reduce(4 * (programs.count - 1)) { $0 + $1.translatedCount }
  }

  /// Runs the programs as the kernel would.
  ///
  /// - Parameter data: The system call to judge.
  /// - Returns: The 32 bits that the kernel acts on.
  public func run(_ data: SeccompData) -> UInt32 {
    let answers = programs.reversed().map { $0.run(data) }
    return answers.dropFirst().reduce(answers[0]) { SeccompReturn.stricter($1, than: $0) }
  }
}

extension SeccompReturn {
  /// The answer of an older program where its action refuses more, else that of the younger ones.
  ///
  /// Actions are compared as signed numbers, so that killing the process is the lowest of all.
  package static func stricter(_ older: UInt32, than younger: UInt32) -> UInt32 {
    action(older) < action(younger) ? older : younger
  }

  /// linux/seccomp.h, SECCOMP_RET_ACTION_FULL.
  private static func action(_ answer: UInt32) -> Int32 {
    Int32(bitPattern: answer & 0xffff_0000)
  }
}
