/// What begins with an `@` in a policy: a group of ours, a set of systemd's, or all calls.
public enum SyscallSet {
  /// Every call of every ABI, as systemd calls it.
  private static let known = "@known"

  /// The calls of a group or set.
  ///
  /// - Parameter name: The name with its `@`.
  /// - Returns: Each call once; `nil` where nothing is called so.
  public static func calls(named name: String) -> [Syscall]? {
    if let group = SyscallGroup(named: name) { return group.calls }
    if name == known { return Syscall.all }
    guard name.utf8.first == UInt8(ascii: "@") else { return nil }
    return SystemdSet(named: Array(name.utf8.dropFirst()))?.calls
  }

  /// All names with their `@`, those of our groups first.
  public static var allNames: [String] {
    SyscallGroup.allCases.map { $0.name } + SystemdSet.all.map { "@" + $0.name } + [known]
  }
}
