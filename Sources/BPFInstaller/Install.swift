public import BPFAssembler
internal import CLinuxShims

extension CheckedProgram {
  /// Installs the filter for the calling thread and for all threads and processes that it starts.
  ///
  /// No filter can be taken off again, and `execve` keeps it. Threads that run already are not
  /// confined, so a program calls this before it starts any. From here on nothing that this thread
  /// starts gains privileges by `execve` (prctl(2), PR_SET_NO_NEW_PRIVS), which the kernel asks for.
  ///
  /// - Throws: `InstallationError` where the kernel refuses; nothing is confined then.
  public func install() throws(InstallationError) {
    if nonet_set_no_new_privs() != 0 {
      throw InstallationError(call: "prctl(PR_SET_NO_NEW_PRIVS)", number: nonet_errno())
    }
    let bytes = program.bytes
    // At most `Program.mostInstructions`, each of `RawInstruction.size` bytes.
    let count = UInt16(truncatingIfNeeded: program.instructions.count)
    let result = bytes.withUnsafeBytes { nonet_install_filter($0.baseAddress, count) }
    if result != 0 {
      throw InstallationError(call: "seccomp(SECCOMP_SET_MODE_FILTER)", number: nonet_errno())
    }
  }
}

/// A system call that failed while a filter was being installed.
public struct InstallationError: Error, Hashable, Sendable {
  /// The call, as its manual page writes it.
  public let call: String
  /// The value of errno, as seccomp(2) and prctl(2) explain it.
  public let number: Int32
}

extension InstallationError: CustomStringConvertible {
  /// The call and the name of its error.
  public var description: String {
    "\(call): \(Errno(number: number)?.description ?? "errno \(number)")"
  }
}
