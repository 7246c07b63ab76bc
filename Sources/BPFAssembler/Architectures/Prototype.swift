extension Prototype {
  /// One parameter of a system call.
  public struct Parameter: Hashable, Sendable {
    /// How much of the 64 bits in `seccomp_data.args` the kernel takes.
    public enum Kind: Hashable, Sendable {
      /// The low 32 bits: `int`, `unsigned int`, `pid_t`, `uid_t`, `mode_t`, `key_serial_t`.
      ///
      /// The upper half is the caller's to fill with anything and must not take part in a test.
      case int
      /// A whole register: `size_t`, `unsigned long`, `off_t`; 32 bits on a 32-bit ABI.
      case long
      /// An address; what it points at is out of a filter's reach.
      case pointer
    }

    /// Which of the six arguments, from 0.
    public let index: Int
    /// How much of the argument the kernel takes.
    public let kind: Kind
    /// The name of the manual page.
    public let name: String
  }
}

/// The parameters of a system call, as one or more ABIs have them.
///
/// From Tables/prototypes.tsv: names follow section 2 of the Linux manual, widths and order the
/// kernel's `SYSCALL_DEFINE` (include/linux/syscalls.h, include/linux/compat.h).
public struct Prototype: Hashable, Sendable {
  private let row: UInt16

  fileprivate init(row: Int) {
    self.row = UInt16(truncatingIfNeeded: row)
  }

  /// The parameters in the order of the arguments.
  public var parameters: [Prototype.Parameter] {
    var parameters: [Prototype.Parameter] = []
    for index in 0..<6 {
      guard let parameter = parameter(at: index) else { break }
      parameters.append(parameter)
    }
    return parameters
  }

  /// The parameter whose name is exactly these bytes, or nil.
  public func parameter(named name: some Collection<UInt8>) -> Prototype.Parameter? {
    let table = PrototypeTable.rows
    for index in 0..<6 {
      let field = table.field(2 + index, ofRow: Int(row))
      guard field.count > 2 else { return nil }
      if table.matches(field.dropFirst(2), name) { return parameter(at: index) }
    }
    return nil
  }

  /// The parameter of that name, or nil.
  public func parameter(named name: String) -> Prototype.Parameter? {
    parameter(named: name.utf8)
  }

  /// A field is the kind's letter, a colon, the name.
  private func parameter(at index: Int) -> Prototype.Parameter? {
    let table = PrototypeTable.rows
    let field = table.field(2 + index, ofRow: Int(row))
    guard field.count > 2 else { return nil }
    let kind: Prototype.Parameter.Kind =
      switch table[field.lowerBound] {
      case UInt8(ascii: "i"): .int
      case UInt8(ascii: "l"): .long
      default: .pointer
      }
    return Prototype.Parameter(index: index, kind: kind, name: table.string(field.dropFirst(2)))
  }
}

extension Syscall {
  /// The parameters of the call on an ABI, or nil where we have not written them down.
  ///
  /// It is nil as well where a width is one that `Parameter.Kind` cannot say, such as the 16-bit
  /// user ids of i386 `setuid`: better no name than a test that a caller can step around.
  public func prototype(on architecture: Architecture) -> Prototype? {
    guard number(on: architecture) != nil else { return nil }
    let bit: UInt64 = 1 << UInt64(architecture.column - 1)
    let table = PrototypeTable.rows
    var next = table.row(namedLike: Int(row), of: SyscallTable.rows)
    while let row = next {
      let mask = table.value(table.field(1, ofRow: row)) ?? 0
      if mask & bit != 0 { return Prototype(row: row) }
      next = table.row(afterLike: row)
    }
    return nil
  }

  /// Every parameter name that the call has on any ABI, without repetition.
  public var parameterNames: [String] {
    var names: [String] = []
    let table = PrototypeTable.rows
    var next = table.row(namedLike: Int(row), of: SyscallTable.rows)
    while let row = next {
      for parameter in Prototype(row: row).parameters where !names.contains(parameter.name) {
        names.append(parameter.name)
      }
      next = table.row(afterLike: row)
    }
    return names
  }
}
