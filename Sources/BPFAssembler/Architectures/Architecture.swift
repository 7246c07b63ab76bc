/// A system call ABI that a filter can tell apart.
///
/// seccomp shows a filter the ABI of each call as an audit value, because one process may use
/// several and the same number means different calls in each (seccomp(2), "arch").
public enum Architecture: Hashable, Sendable, CaseIterable {
  /// The 64-bit ABI of x86; x32 calls carry its audit value too.
  case x86_64
  /// The 32-bit ABI of x86, reached by `int 0x80` even from 64-bit code.
  case i386
  /// The 64-bit ABI of Arm.
  case aarch64
  /// The 32-bit ABI of Arm, EABI.
  case arm
}

extension Architecture {
  /// The ABIs that nonet itself is built for.
  public static let natives: [Architecture] = [.x86_64, .aarch64]

  /// The number of a skipped call, -1.
  ///
  /// A tracer writes it to skip a call, and the filter sees it; it runs nothing, so a filter
  /// must let it pass (seccomp(2), SECCOMP_RET_TRACE; kernel/seccomp.c).
  public static let skippedNumber: UInt32 = 0xffff_ffff

  /// The name that policies, options and dumps use.
  public var name: String {
    switch self {
    case .x86_64: "x86_64"
    case .i386: "i386"
    case .aarch64: "aarch64"
    case .arm: "arm"
    }
  }

  /// The ABI of that name, or nil.
  public init?(named name: String) {
    for architecture in Self.allCases where architecture.name == name {
      self = architecture
      return
    }
    return nil
  }

  /// The value of `seccomp_data.arch` (linux/audit.h, AUDIT_ARCH_*).
  ///
  /// It is the ELF machine number, with bit 31 for 64 bits and bit 30 for little-endian.
  public var auditValue: UInt32 {
    switch self {
    case .x86_64: 0xc000_003e
    case .i386: 0x4000_0003
    case .aarch64: 0xc000_00b7
    case .arm: 0x4000_0028
    }
  }

  /// Whether arguments have 32 bits; their upper halves in `seccomp_data` are then zero.
  public var is32Bit: Bool {
    switch self {
    case .x86_64, .aarch64: false
    case .i386, .arm: true
    }
  }

  /// The 32-bit ABI that the same kernel may serve as well.
  public var compat: Architecture? {
    switch self {
    case .x86_64: .i386
    case .aarch64: .arm
    case .i386, .arm: nil
    }
  }

  /// The largest number of the ordinary table; what lies above is unknown to us.
  ///
  /// `privateNumbers` lie above it and are known all the same.
  public var newestNumber: UInt32 {
    UInt32(truncatingIfNeeded: rowsByNumber.count - 1)
  }

  /// Known numbers far above the ordinary table.
  ///
  /// Only arm has them: `breakpoint` to `get_tls`, `__ARM_NR_BASE` + 1 to 6
  /// (arch/arm/include/uapi/asm/unistd.h). Every 32-bit Arm program calls `set_tls` when it
  /// starts, and filters see these numbers on 64-bit kernels too (arch/arm64/kernel/sys_compat.c).
  public var privateNumbers: ClosedRange<UInt32>? {
    switch self {
    case .arm: 0x000f_0001...0x000f_0006
    case .x86_64, .i386, .aarch64: nil
    }
  }

  /// The numbers of x32, where this ABI has it: everything from bit 30 up, but for -1.
  ///
  /// An x32 call has bit 30 set (arch/x86/include/uapi/asm/unistd.h, `__X32_SYSCALL_BIT`) and
  /// reaches the filter even where the kernel has no x32 (measured on 6.18). Some numbers above
  /// are no call of any ABI; to count them in makes one comparison enough.
  public var x32Numbers: ClosedRange<UInt32>? {
    switch self {
    case .x86_64: 0x4000_0000...0xffff_fffe
    case .i386, .aarch64, .arm: nil
    }
  }

  /// From an ordinary number to the row of its call.
  var rowsByNumber: [UInt16] {
    switch self {
    case .x86_64: SyscallTable.x86_64
    case .i386: SyscallTable.i386
    case .aarch64: SyscallTable.aarch64
    case .arm: SyscallTable.arm
    }
  }
}

extension Architecture: CustomStringConvertible {
  /// The ABI's name.
  public var description: String { name }
}
