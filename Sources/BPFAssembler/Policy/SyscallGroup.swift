/// A named set of system calls, written `@name` in a policy.
public enum SyscallGroup: Hashable, Sendable, CaseIterable {
  /// Everything that makes, connects or uses a socket, but for the calls by which programs only ask what
  /// a descriptor is (getsockname, getpeername, getsockopt): they send nothing, and a refusal misleads.
  case network
  /// The interface that does what other calls do without making them.
  case ioUring
  /// What reads or steers another process.
  case debug
  /// Kernel keys; `request_key` makes the kernel start a helper that can ask a name server.
  case keys
  /// What makes a file system appear, which may be one that speaks over the network.
  case mount

  /// The group as policies write it.
  public var name: String {
    switch self {
    case .network: "@network"
    case .ioUring: "@io_uring"
    case .debug: "@debug"
    case .keys: "@keys"
    case .mount: "@mount"
    }
  }

  /// Finds a group by the name that policies write.
  ///
  /// - Parameter name: The name with its `@`.
  public init?(named name: String) {
    guard let group = Self.allCases.first(where: { $0.name == name }) else { return nil }
    self = group
  }

  /// The calls of the group that some architecture has.
  public var calls: [Syscall] { callNames.compactMap { Syscall(named: $0) } }

  var callNames: [String] {
    switch self {
    case .network:
      [
        "socket", "socketpair", "connect", "bind", "listen", "accept", "accept4", "shutdown",
        "send", "sendto", "sendmsg", "sendmmsg",
        "recv", "recvfrom", "recvmsg", "recvmmsg", "recvmmsg_time64",
        "setsockopt", "socketcall",
      ]
    case .ioUring: ["io_uring_setup", "io_uring_enter", "io_uring_register"]
    case .debug: ["ptrace", "process_vm_readv", "process_vm_writev"]
    case .keys: ["add_key", "request_key", "keyctl"]
    case .mount:
      [
        "mount", "mount_setattr", "move_mount", "open_tree", "open_tree_attr",
        "fsopen", "fsconfig", "fsmount", "fspick",
      ]
    }
  }
}
