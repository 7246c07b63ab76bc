internal import BPFAssembler

extension OptionKind {
  /// The names that a value of this kind can have, groups of calls first; `nil` where they cannot be
  /// listed.
  var names: [String]? {
    switch self {
    case .policy, .preset: Preset.allCases.map { $0.name }
    case .call: SyscallSet.allNames + Syscall.all.map { $0.name }
    case .errno: Errno.allNames
    case .capability: Privileges.allNames
    case .backend: Plan.Backend.allCases.map { $0.description }
    case .arch: Architecture.natives.map { $0.name } + ["all"]
    case .format: OptionParser.formatNames
    case .host: HookHost.all.map { $0.name }
    case .kind:
      Self.allCases.filter { $0 != .kind && $0.names != nil }.map { $0.rawValue } + ["kind"]
    case .file, .folder, .socket, .endpoint, .process, .session, .target: nil
    }
  }
}
