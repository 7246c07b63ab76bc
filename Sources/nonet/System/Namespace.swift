internal import CLinuxShims

/// How entering a private network namespace failed.
struct NamespaceFailure: Error, Equatable {
  /// The steps, in their order.
  enum Step: Equatable {
    case fork, unshare, setgroups, userMap, groupMap, loopback
  }

  let step: Step
  let number: CInt

  init(_ step: CInt, _ number: CInt) {
    self.number = number
    self.step =
      switch nonet_namespace_step(UInt32(bitPattern: step)) {
      case NONET_STEP_UNSHARE: .unshare
      case NONET_STEP_SETGROUPS: .setgroups
      case NONET_STEP_UID_MAP: .userMap
      case NONET_STEP_GID_MAP: .groupMap
      case NONET_STEP_LOOPBACK: .loopback
      case _: .fork
      }
  }

  /// The call or file that failed, and why.
  var reason: String {
    let what =
      switch step {
      case .fork: "clone"
      case .unshare: "unshare(CLONE_NEWUSER | CLONE_NEWNET)"
      case .setgroups: "/proc/self/setgroups"
      case .userMap: "/proc/self/uid_map"
      case .groupMap: "/proc/self/gid_map"
      case .loopback: "bringing lo up"
      }
    return "\(what): \(errorText(number))"
  }

  /// The setting that decides, for the person who can change it.
  var advice: String {
    switch step {
    case .fork:
      "the process limit (ulimit -u) or memory is used up"
    case .unshare where number == ENOSPC || number == EUSERS:
      "sysctl user.max_user_namespaces and user.max_net_namespaces must not be 0"
    case .unshare where number == EPERM:
      "not possible inside a chroot (unshare(2)); elsewhere sysctl kernel.unprivileged_userns_clone "
        + "must be 1 where it exists, and a container's own filter must let unshare through"
    case .unshare:
      "the kernel needs user and network namespaces; sysctl kernel.unprivileged_userns_clone must "
        + "be 1 where it exists, and a container's own filter must let unshare through"
    case .loopback where number == EACCES:
      "an outer sandbox, nonet itself perhaps, must let an AF_INET socket be made"
    case .setgroups, .userMap, .groupMap, .loopback:
      "where AppArmor restricts user namespaces (Ubuntu 23.10 and later), sysctl "
        + "kernel.apparmor_restrict_unprivileged_userns must be 0 or a profile must allow nonet"
    }
  }
}

/// Enters a user namespace with the ids of this process and a network namespace of its own, whose
/// loopback interface is up.
func enterNetworkNamespace() throws(NamespaceFailure) {
  var step: CInt = 0
  if nonet_enter_network_namespace(&step) != 0 { throw NamespaceFailure(step, nonet_errno()) }
}

/// Finds out in a child whether `enterNetworkNamespace` would succeed.
func probeNetworkNamespace() throws(NamespaceFailure) {
  var step: CInt = 0
  if nonet_probe_network_namespace(&step) != 0 { throw NamespaceFailure(step, nonet_errno()) }
}
