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
  /// All that is known of an ABI but its numbers, which are columns of Tables/syscalls.tsv.
  ///
  /// - auditValue: AUDIT_ARCH_* in linux/audit.h, which CLinuxShims holds to the installed header.
  /// - constants: the column of Tables/constants.tsv that it takes where the row has one.
  /// - x32: an x32 call has bit 30 set (arch/x86/include/uapi/asm/unistd.h, `__X32_SYSCALL_BIT`).
  private var row: Row {
    switch self {
    case .x86_64:
      Row("x86_64", auditValue: 0xc000_003e, compat: .i386, x32: 0x4000_0000...0xffff_fffe)
    case .i386: Row("i386", auditValue: 0x4000_0003, is32Bit: true)
    case .aarch64: Row("aarch64", auditValue: 0xc000_00b7, compat: .arm, constants: .arm)
    case .arm: Row("arm", auditValue: 0x4000_0028, is32Bit: true, constants: .arm)
    }
  }

  /// The ABI that this code is compiled for.
  public static var host: Architecture {
    #if arch(x86_64)
      .x86_64
    #elseif arch(arm64)
      .aarch64
    #else
      #error("no row of Architecture is this machine's")
    #endif
  }

  /// A column of Tables/constants.tsv.
  enum ConstantColumn: Int {
    /// What all have but those that have another.
    case common = 1
    case arm = 2
  }

  private struct Row {
    let name: String
    let auditValue: UInt32
    let is32Bit: Bool
    let compat: Architecture?
    let constants: ConstantColumn
    let x32: ClosedRange<UInt32>?

    init(
      _ name: String, auditValue: UInt32, is32Bit: Bool = false, compat: Architecture? = nil,
      constants: ConstantColumn = .common, x32: ClosedRange<UInt32>? = nil
    ) {
      self.name = name
      self.auditValue = auditValue
      self.is32Bit = is32Bit
      self.compat = compat
      self.constants = constants
      self.x32 = x32
    }
  }
}

extension Architecture {
  /// The ABIs that a filter can be made for; the 32-bit ones are served beside them.
  public static var natives: [Architecture] { allCases.filter { !$0.is32Bit } }

  /// The number of a skipped call, -1.
  ///
  /// A tracer writes it to skip a call, and the filter sees it; it runs nothing, so a filter
  /// must let it pass (seccomp(2), SECCOMP_RET_TRACE; kernel/seccomp.c).
  public static let skippedNumber: UInt32 = 0xffff_ffff

  /// The name that policies, options and dumps use.
  public var name: String { row.name }

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
  public var auditValue: UInt32 { row.auditValue }

  /// Whether arguments have 32 bits; their upper halves in `seccomp_data` are then zero.
  public var is32Bit: Bool { row.is32Bit }

  /// The 32-bit ABI that the same kernel may serve as well.
  public var compat: Architecture? { row.compat }

  /// The numbers of x32, where this ABI has it: everything from bit 30 up, but for -1.
  ///
  /// Such a call reaches the filter even where the kernel has no x32 (measured on 6.18). Some
  /// numbers above are no call of any ABI; to count them in makes one comparison enough.
  public var x32Numbers: ClosedRange<UInt32>? { row.x32 }

  /// The numbers that run calls of x32 without its bit on kernels before 5.4 that have x32.
  ///
  /// Commit 6365b842aae4 ("x86/syscalls: Split the x32 syscalls into their own table") ended it. They
  /// are kept free for ever (arch/x86/entry/syscalls/syscall_64.tbl), so no other call is meant.
  public var x32TableNumbers: ClosedRange<UInt32>? { row.x32 == nil ? nil : 512...547 }

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
    let count = UInt32(truncatingIfNeeded: rowsByPrivateNumber.count)
    return count == 0
      ? nil : SyscallTable.firstPrivate...SyscallTable.firstPrivate + count - 1
  }

  /// The column of constants in Tables/constants.tsv.
  var constants: ConstantColumn { row.constants }
}

extension Architecture: CustomStringConvertible {
  /// The ABI's name.
  public var description: String { name }
}
