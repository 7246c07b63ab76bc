internal import BPFAssembler

extension Architecture {
  /// The architecture that this binary runs on.
  static var host: Architecture {
    #if arch(arm64)
      .aarch64
    #elseif arch(x86_64)
      .x86_64
    #else
      #error("nonet knows no filter for this machine")
    #endif
  }
}
