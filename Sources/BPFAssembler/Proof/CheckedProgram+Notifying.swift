extension CheckedProgram {
  /// The same program, but where this one refuses, the kernel asks a supervisor.
  ///
  /// Every `ret ERRNO` becomes `ret USER_NOTIF` and nothing else changes, so on any call the two
  /// answers differ exactly where this program answers an errno; which one it is says this program.
  ///
  /// - Parameter asksAboutKills: Whether `ret KILL_PROCESS` becomes a question too.
  /// - Returns: The program, or `nil` where a return value is computed and so cannot be exchanged.
  public func notifying(asksAboutKills: Bool = false) -> Program? {
    program.exchangingAnswers { value in
      let asks =
        value & 0xffff_0000 == SeccompReturn.errno
        || asksAboutKills && value == SeccompReturn.killProcess
      return asks ? SeccompReturn.userNotification : value
    }
  }
}

extension Program {
  /// The same program with other answers.
  ///
  /// - Parameter answer: What takes the place of a constant that is returned.
  /// - Returns: The program, or `nil` where a return value is computed and so cannot be exchanged.
  public func exchangingAnswers(_ answer: (UInt32) -> UInt32) -> Program? {
    var changed = instructions
    for (index, instruction) in instructions.enumerated() {
      switch instruction {
      case .return(.accumulator): return nil
      case .return(.constant(let value)): changed[index] = .return(.constant(answer(value)))
      case .load, .loadIndex, .store, .storeIndex, .arithmetic, .negate, .copyToIndex,
        .copyFromIndex, .jump, .branch:
        continue
      }
    }
    do throws(VerifierError) {
      return try Program(changed)
    } catch {
      return nil
    }
  }

  /// Both programs as one: what this one allows, the other one decides.
  ///
  /// Each `ret ALLOW` becomes a jump over the rest of this program, which is as long as the return that
  /// it replaces, so every other jump stays as it is. A call that both allow by its number alone stays
  /// one for which the kernel does not run filters (see `ConstantAllow`).
  ///
  /// - Parameter next: A program that loads before it looks at anything: it begins with the registers
  ///   as this one leaves them.
  /// - Returns: The program, or `nil` where it would be longer than the kernel takes, or `next` does
  ///   not begin with a load or an answer.
  public func followed(by next: Program) -> Program? {
    switch next.instructions.first {
    case .load, .return(.constant): break
    case _: return nil
    }
    var joined = instructions
    for (index, instruction) in instructions.enumerated()
    where instruction == .return(.constant(SeccompReturn.allow)) {
      joined[index] = .jump(UInt32(instructions.count - index - 1))
    }
    do throws(VerifierError) {
      return try Program(joined + next.instructions)
    } catch {
      return nil
    }
  }
}
