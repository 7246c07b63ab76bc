extension CheckedProgram {
  /// The same program, but where this one refuses, the kernel asks a supervisor.
  ///
  /// Every `ret ERRNO` becomes `ret USER_NOTIF` and nothing else changes, so on any call the two
  /// answers differ exactly where this program answers an errno; which one it is says this program.
  ///
  /// - Parameter asksAboutKills: Whether `ret KILL_PROCESS` becomes a question too.
  /// - Returns: The program, or `nil` where a return value is computed and so cannot be exchanged.
  public func notifying(asksAboutKills: Bool = false) -> Program? {
    var instructions: [Instruction] = []
    instructions.reserveCapacity(program.instructions.count)
    for instruction in program.instructions {
      switch instruction {
      case .return(.accumulator):
        return nil
      case .return(.constant(let value)):
        let asks =
          value & 0xffff_0000 == SeccompReturn.errno
          || asksAboutKills && value == SeccompReturn.killProcess
        instructions.append(.return(.constant(asks ? SeccompReturn.userNotification : value)))
      case .load, .loadIndex, .store, .storeIndex, .arithmetic, .negate, .copyToIndex,
        .copyFromIndex, .jump, .branch:
        instructions.append(instruction)
      }
    }
    do throws(VerifierError) {
      return try Program(instructions)
    } catch {
      return nil
    }
  }
}

/// What a filter can return, by the names in linux/seccomp.h; the low 16 bits of `errno` are a number.
public enum SeccompReturn {
  /// Ends the process.
  public static let killProcess: UInt32 = 0x8000_0000
  /// Refuses with the errno in the low half.
  public static let errno: UInt32 = 0x0005_0000
  /// Asks a supervisor.
  public static let userNotification: UInt32 = 0x7fc0_0000
  /// Allows, and tells the audit log.
  public static let log: UInt32 = 0x7ffc_0000
  /// Makes the call.
  public static let allow: UInt32 = 0x7fff_0000
}
