internal import BPFAssembler
internal import CLinuxShims

/// `nonet -- COMMAND`: puts the walls up and becomes the command.
struct Run {
  let options: Options
  /// The command and its arguments, null-terminated, as the kernel gave them.
  let command: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>

  /// Runs the command in place of this process.
  ///
  /// - Throws: Always, when it comes back; the command then did not run.
  func perform() throws(Failure) {
    guard let name = command.pointee, name.pointee != 0 else {
      throw .notRunnable("the command is an empty word")
    }
    let chosen = try ChosenPolicy(options)
    let (compiled, program) = try chosen.checked(for: .host)
    try refuseUselessPolicy(compiled, chosen.names.policy)
    try hint(chosen.names.policy)
    do throws(SystemError) {
      try SeccompWall(program).raise()
    } catch {
      throw .system(
        error, "the filter could not be installed, so the command was not run",
        advice: "the kernel needs CONFIG_SECCOMP_FILTER, and no outer sandbox may refuse seccomp")
    }
    if options.isVerbose {
      say(
        "seccomp: policy \(chosen.names.policy), \(compiled.program.instructions.count) "
          + "instructions for \(Architecture.host); NO_NEW_PRIVS is set")
    }
    try become(Word(pointer: name))
  }

  /// A policy under which no program can be started is a mistake better said than suffered.
  private func refuseUselessPolicy(_ compiled: CompiledPolicy, _ name: String) throws(Failure) {
    guard let execve = Syscall(named: "execve"), let number = execve.number(on: .host) else {
      return
    }
    let somePointers: [UInt64] = [1 << 32 | 4096, 1 << 32 | 8192, 1 << 32 | 12288]
    let call = SystemCall(
      arch: Architecture.host.auditValue, number: number, arguments: somePointers)
    if compiled.policy.verdict(of: call, native: .host).refuses {
      throw .refused("policy \(name) refuses execve, so no command can start; allow execve")
    }
  }

  private func hint(_ policy: String) throws(Failure) {
    do throws(SystemError) {
      try setEnvironment("NONET", "\(policy):seccomp")
    } catch {
      throw .system(error, "the environment could not be set, so the command was not run")
    }
  }

  private func become(_ name: Word) throws(Failure) {
    do throws(SystemError) {
      try replaceProcess(with: name.pointer, arguments: command)
    } catch {
      let hasSlash = name.bytes.contains(UInt8(ascii: "/"))
      switch error.number {
      case ENOENT where !hasSlash:
        throw .notFound("'\(name.text)': not found along PATH")
      case ENOENT where fileExists(name.pointer):
        throw .notFound("'\(name.text)': its interpreter or loader was not found")
      case ENOENT:
        throw .notFound("'\(name.text)': \(error.reason)")
      case _:
        throw .notRunnable("'\(name.text)' could not be run: \(error.reason)")
      }
    }
  }
}
