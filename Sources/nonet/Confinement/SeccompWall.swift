internal import BPFAssembler

/// The filter as a wall around this process and all that it starts.
struct SeccompWall {
  let program: Program

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
