/// A set of Linux capabilities (capabilities(7)).
struct Privileges: Equatable {
  /// A bit for each, numbered as in include/uapi/linux/capability.h.
  var bits: UInt64

  static let none = Privileges(bits: 0)

  /// What is in either.
  func adding(_ others: Privileges) -> Privileges { Privileges(bits: bits | others.bits) }

  /// What is here and not there.
  func without(_ others: Privileges) -> Privileges { Privileges(bits: bits & ~others.bits) }

  /// What is in both.
  func shared(with others: Privileges) -> Privileges { Privileges(bits: bits & others.bits) }

  var isEmpty: Bool { bits == 0 }

  /// The names without `CAP_`, in the kernel's order.
  var names: [String] {
    Self.allNames.indices.filter { bits >> UInt64($0) & 1 == 1 }.map { Self.allNames[$0] }
  }

  /// The capability of a name, in either case and with or without `CAP_`; `nil` where there is none.
  init?(named word: some Collection<UInt8>) {
    let upper = word.map { byte in
      (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) ? byte - 32 : byte
    }
    let name = upper.starts(with: "CAP_".utf8) ? upper.dropFirst(4) : upper[...]
    guard let number = Self.allNames.firstIndex(where: { name.elementsEqual($0.utf8) }) else {
      return nil
    }
    bits = 1 << UInt64(number)
  }

  init(bits: UInt64) {
    self.bits = bits
  }

  private init(_ numbers: [UInt64]) {
    bits = numbers.reduce(0) { $0 | 1 << $1 }
  }

  static let allNames = [
    "CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID",
    "SETPCAP", "LINUX_IMMUTABLE", "NET_BIND_SERVICE", "NET_BROADCAST", "NET_ADMIN", "NET_RAW",
    "IPC_LOCK", "IPC_OWNER", "SYS_MODULE", "SYS_RAWIO", "SYS_CHROOT", "SYS_PTRACE", "SYS_PACCT",
    "SYS_ADMIN", "SYS_BOOT", "SYS_NICE", "SYS_RESOURCE", "SYS_TIME", "SYS_TTY_CONFIG", "MKNOD",
    "LEASE", "AUDIT_WRITE", "AUDIT_CONTROL", "SETFCAP", "MAC_OVERRIDE", "MAC_ADMIN", "SYSLOG",
    "WAKE_ALARM", "BLOCK_SUSPEND", "AUDIT_READ", "PERFMON", "BPF", "CHECKPOINT_RESTORE",
  ]

  /// By which root reaches a network around sockets; the threat model gives each its reason.
  ///
  /// NET_BROADCAST, NET_ADMIN, NET_RAW, SYS_MODULE, SYS_RAWIO, SYS_BOOT, PERFMON and BPF.
  static let network = Privileges([11, 12, 13, 16, 17, 22, 38, 39])

  /// Whether a command that gives these up may have a port below 1024 (CAP_NET_BIND_SERVICE, ip(7)).
  static func mayHaveLowPorts(without dropped: UInt64) -> Bool {
    do throws(SystemError) {
      return try permittedCapabilities() & ~dropped & 1 << 10 != 0
    } catch {
      return false
    }
  }

  /// By which root reaches other processes, mounts, devices and settings.
  ///
  /// DAC_READ_SEARCH, IPC_OWNER, SYS_CHROOT, SYS_PTRACE, SYS_ADMIN, MKNOD, MAC_OVERRIDE, MAC_ADMIN and
  /// CHECKPOINT_RESTORE.
  static let outside = Privileges([2, 15, 18, 19, 21, 27, 32, 33, 40])

  /// By which a process is traced that has more capabilities than the tracer.
  static let tracing = Privileges([19])

  /// By which a mount is taken away or made writable again, or a root left from which nonet did not see
  /// all mounts: SYS_CHROOT and SYS_ADMIN.
  static let mounting = Privileges([18, 21])
}
