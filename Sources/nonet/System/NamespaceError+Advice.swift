internal import CLinuxShims

extension NamespaceError {
  /// What decides, for the person who can change it: found by looking, where it can be seen.
  var advice: String {
    if number == EMFILE || number == ENFILE {
      return "the limit of open files (ulimit -n) is too low"
    }
    return switch step {
    case .memory: "memory is used up"
    case .proc: adviceOnProc
    case .pipe: "pipes are used up (fs.pipe-user-pages-soft, pipe(7))"
    case .fork: adviceOnFork
    case .unshare: adviceOnUnshare
    case .setgroups, .userMap, .groupMap: adviceOnMaps
    case .socket: "an outer sandbox, nonet itself perhaps, must let an AF_INET socket be made"
    case .loopback: Self.adviceOnRights
    }
  }

  private var adviceOnProc: String {
    switch ProcMount.here {
    case .absent: "a procfs must be mounted at /proc"
    case .foreign:
      "/proc here belongs to another pid namespace, which does not see this process; mount one of its "
        + "own, as unshare --mount-proc does"
    case .ours where number == ESRCH: "what is mounted there is not this process's own folder"
    case .ours: "an outer filter or a security module keeps it away"
    }
  }

  private var adviceOnFork: String {
    switch number {
    case EAGAIN: "the limit of processes (ulimit -u, or a container's) is reached"
    case ENOMEM: "memory is used up, or the first process of this pid namespace has ended"
    case _ where OwnStatus()?.seccompMode == 2: "an outer filter must let clone through"
    case _: "this kernel, or an emulator in its place (qemu-user), makes no such child"
    }
  }

  private var adviceOnUnshare: String {
    if number == ENOSPC || number == EUSERS {
      return "sysctl user.max_user_namespaces and user.max_net_namespaces must not be 0"
    }
    // A kernel looks at the flags first, and no kernel knows this one.
    if nonet_refusal_of_unknown_unshare() != EINVAL {
      return "an outer filter, a container's perhaps, must let unshare through"
    }
    if Self.setting("unprivileged_userns_clone") == 0 {
      return "sysctl kernel.unprivileged_userns_clone must be 1"
    }
    if number != EPERM { return "the kernel needs user and network namespaces" }
    return nonet_root_is_folder() == 1
      ? "not possible inside a chroot (unshare(2))"
      : "the kernel refuses it inside a chroot, to a user or group without a number in its own user "
        + "namespace, or for a security module (unshare(2))"
  }

  /// Only root writes a map of all ids, for which the kernel wants these (user_namespaces(7)).
  private var adviceOnMaps: String {
    if let rights {
      // Their numbers in linux/capability.h.
      let wanted = [("CAP_SETGID", 6), ("CAP_SETUID", 7), ("CAP_SETFCAP", 31)]
      let missing = wanted.filter { rights >> $0.1 & 1 == 0 }.map { $0.0 }
      if !missing.isEmpty {
        return
          "root without \(missing.joined(separator: ", ")) may not map ids: an outer sandbox took "
          + "that away; an ordinary user may map himself"
      }
    }
    return Self.adviceOnRights
  }

  /// For what fails although the user namespace is there: its rights were taken away.
  private static var adviceOnRights: String {
    setting("apparmor_restrict_unprivileged_userns") == 1
      ? "AppArmor restricts user namespaces here (Ubuntu 23.10 and later): sysctl "
        + "kernel.apparmor_restrict_unprivileged_userns must be 0 or a profile must allow nonet"
      : "a security module, or an outer sandbox, takes the rights in a new user namespace away"
  }

  /// A number in /proc/sys/kernel; `nil` where the kernel has no such setting.
  private static func setting(_ name: StaticString) -> Int? {
    do throws(SystemError) {
      let text = try Descriptor(reading: "/proc/sys/kernel/\(name)").start(32)
      return Int(String(decoding: text.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self))
    } catch {
      return nil
    }
  }
}
