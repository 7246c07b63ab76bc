internal import CLinuxShims

/// How entering a private network namespace failed.
struct NamespaceError: Error, Equatable {
  /// The steps, in their order.
  enum Step: Equatable {
    case memory, proc, pipe, fork, unshare, setgroups, userMap, groupMap, socket, loopback
  }

  let step: Step
  let number: CInt
  /// What root could do before it was tried, a bit for each capability; `nil` for another user.
  let rights: UInt64?

  init(_ step: CInt, _ number: CInt, rights: UInt64? = nil) {
    self.number = number
    self.rights = rights
    self.step =
      switch nonet_namespace_step(UInt32(bitPattern: step)) {
      case NONET_STEP_MEMORY: .memory
      case NONET_STEP_PROC: .proc
      case NONET_STEP_PIPE: .pipe
      case NONET_STEP_UNSHARE: .unshare
      case NONET_STEP_SETGROUPS: .setgroups
      case NONET_STEP_UID_MAP: .userMap
      case NONET_STEP_GID_MAP: .groupMap
      case NONET_STEP_SOCKET: .socket
      case NONET_STEP_LOOPBACK: .loopback
      case _: .fork
      }
  }

  /// The call or file that failed, and why.
  var reason: String {
    let what =
      switch step {
      case .memory: "mmap"
      case .proc: "/proc/self"
      case .pipe: "pipe2"
      case .fork: "clone"
      case .unshare: "unshare(CLONE_NEWUSER | CLONE_NEWNET)"
      case .setgroups: "/proc/self/setgroups"
      case .userMap: "/proc/self/uid_map"
      case .groupMap: "/proc/self/gid_map"
      case .socket: "socket(AF_INET)"
      case .loopback: "bringing lo up"
      }
    return "\(what): \(errorText(number))"
  }
}

/// Enters a user namespace with the ids of this process and a network namespace of its own, whose
/// loopback interface is up.
func enterNetworkNamespace() throws(NamespaceError) {
  try attemptNamespaces { nonet_enter_namespaces(1, $0) }
}

/// Enters a user namespace with the ids of this process, and keeps the network.
func enterUserNamespace() throws(NamespaceError) {
  try attemptNamespaces { nonet_enter_namespaces(0, $0) }
}

/// Finds out in a child whether `enterNetworkNamespace` would succeed.
func probeNetworkNamespace() throws(NamespaceError) {
  try attemptNamespaces { nonet_probe_namespaces(1, $0) }
}

/// Finds out in a child whether `enterUserNamespace` would succeed.
func probeUserNamespace() throws(NamespaceError) {
  try attemptNamespaces { nonet_probe_namespaces(0, $0) }
}

/// Half-way inside a user namespace a process has other rights and no user, so they are noted before.
private func attemptNamespaces(
  _ function: (UnsafeMutablePointer<CInt>) -> CInt
) throws(NamespaceError) {
  var rights: UInt64 = 0
  let isRoot = isUserZero && nonet_permitted_capabilities(&rights) == 0
  var step: CInt = 0
  if function(&step) != 0 {
    throw NamespaceError(step, nonet_errno(), rights: isRoot ? rights : nil)
  }
}
