/// One system call, whatever number each ABI gives it.
///
/// A value is a row of the master table (Tables/syscalls.tsv, Linux 7.1-rc4), so it always has
/// a name and at least one number, and costs two bytes. Values order as their names do.
public struct Syscall: Hashable, Sendable {
  let row: UInt16

  init(row: UInt16) {
    self.row = row
  }

  /// The call whose name is exactly these bytes, or nil.
  public init?(named name: some Collection<UInt8>) {
    guard let row = SyscallTable.rows.row(named: name) else { return nil }
    self.row = UInt16(truncatingIfNeeded: row)
  }

  /// The call of that name, or nil.
  public init?(named name: String) {
    self.init(named: name.utf8)
  }

  /// The kernel's name for the call.
  public var name: String {
    let table = SyscallTable.rows
    return table.string(table.field(0, ofRow: Int(row)))
  }

  /// The number of the call on an ABI, or nil where that ABI has no such call.
  public func number(on architecture: Architecture) -> UInt32? {
    let table = SyscallTable.rows
    guard let value = table.value(table.field(architecture.column, ofRow: Int(row))) else {
      return nil
    }
    return UInt32(truncatingIfNeeded: value)
  }
}

extension Syscall {
  /// The call that has this number on that ABI, or nil for a gap or a number too new.
  public static func at(number: UInt32, on architecture: Architecture) -> Syscall? {
    if let range = architecture.privateNumbers, range.contains(number) {
      return at(Int(number - range.lowerBound), of: architecture.rowsByPrivateNumber)
    }
    return at(Int(number), of: architecture.rowsByNumber)
  }

  /// All calls that an ABI has, by rising number.
  public static func known(on architecture: Architecture) -> [Syscall] {
    var calls: [Syscall] = []
    let ordinary = architecture.rowsByNumber
    calls.reserveCapacity(ordinary.count)
    for index in ordinary.indices {
      if let call = at(index, of: ordinary) { calls.append(call) }
    }
    for index in architecture.rowsByPrivateNumber.indices {
      if let call = at(index, of: architecture.rowsByPrivateNumber) { calls.append(call) }
    }
    return calls
  }

  /// All calls that any ABI has, by name.
  public static var all: [Syscall] {
    SyscallTable.rows.offsets.map { Syscall(row: UInt16(truncatingIfNeeded: $0)) }
  }

  private static func at(_ index: Int, of rows: [UInt16]) -> Syscall? {
    guard index < rows.count, rows[index] != .max else { return nil }
    return Syscall(row: rows[index])
  }
}

extension Syscall: Comparable, CustomStringConvertible {
  /// Whether the left call's name sorts before the right one's.
  public static func < (left: Syscall, right: Syscall) -> Bool {
    left.row < right.row
  }

  /// The call's name.
  public var description: String { name }
}
