internal import BPFAssembler

/// The machine that a profile is resolved for.
struct ProfileTarget {
  let architecture: Architecture
  /// The running kernel, for `minKernel`.
  let kernel: KernelVersion?
  /// The capabilities of the command; a plain run has none beyond its own.
  var capabilities: [[UInt8]] = []

  /// The architecture in the words of profiles (`SCMP_ARCH_*`): its own name in capitals, but for one.
  static func name(of architecture: Architecture) -> String {
    if architecture == .i386 { return "SCMP_ARCH_X86" }
    let capitals = architecture.name.utf8.map { byte in
      UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte ? byte - 0x20 : byte
    }
    return "SCMP_ARCH_" + String(decoding: capitals, as: UTF8.self)
  }

  /// The architecture as Go names it, which `includes` and `excludes` compare with.
  var goName: String {
    switch architecture {
    case .x86_64: "amd64"
    case .i386: "386"
    case .aarch64: "arm64"
    default: architecture.name
    }
  }
}
