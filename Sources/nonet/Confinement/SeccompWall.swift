internal import BPFAssembler

/// The filter as a wall around this process and all that it starts.
struct SeccompWall {
  private let program: Program

  /// Takes a filter that the proof has let pass, and no other.
  init(_ program: CheckedProgram) {
    self.program = program.program
  }

  /// Puts the wall up; it cannot be taken down again.
  ///
  /// - Throws: The step that failed. Nothing is half done: without a filter no call is refused.
  func raise() throws(SystemError) {
    try setNoNewPrivileges()
    try installFilter(program.bytes)
  }
}

extension Architecture {
  /// The architecture that this binary runs on.
  static var host: Architecture {
    #if arch(arm64)
      .aarch64
    #else
      .x86_64
    #endif
  }
}
