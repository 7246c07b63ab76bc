/// An error number that a refused system call can answer.
///
/// A filter puts it in the low 16 bits of SECCOMP_RET_ERRNO, and the kernel caps it at 4095
/// (kernel/seccomp.c, `MAX_ERRNO`); 0 would tell the caller that a refused call had succeeded.
public struct Errno: Hashable, Sendable {
  /// From 1 to 4095.
  public let number: UInt16

  /// "Permission denied": the answer to a refused request unless a policy says otherwise.
  public static let eacces = Errno(known: 13)
  /// "Operation not permitted".
  public static let eperm = Errno(known: 1)
  /// "Function not implemented": the one answer on which a C library falls back.
  public static let enosys = Errno(known: 38)
  /// "Address family not supported by protocol".
  public static let eafnosupport = Errno(known: 97)

  private init(known number: UInt16) {
    self.number = number
  }

  /// That number, or nil outside 1 to 4095.
  public init?(number: some BinaryInteger) {
    guard number >= 1, number <= 4095 else { return nil }
    self.number = UInt16(truncatingIfNeeded: number)
  }

  /// The error whose name, or other name, is exactly these bytes, or nil.
  public init?(named name: some Collection<UInt8>) {
    let table = ErrnoTable.rows
    guard let row = table.row(named: name), let value = table.value(table.field(1, ofRow: row))
    else { return nil }
    self.init(number: value)
  }

  /// The error of that name, or nil.
  public init?(named name: String) {
    self.init(named: name.utf8)
  }

  /// The name in the kernel's headers; nil for a number that has none.
  ///
  /// Where a number has several names (`EAGAIN`, `EWOULDBLOCK`) the kernel defines one and calls
  /// the others equal to it; this is the one.
  public var name: String? {
    let table = ErrnoTable.rows
    for row in table.offsets {
      let isAlias = !table.field(2, ofRow: row).isEmpty
      if !isAlias, table.value(table.field(1, ofRow: row)) == UInt64(number) {
        return table.string(table.field(0, ofRow: row))
      }
    }
    return nil
  }

  /// Every name in the table, by name, other names included.
  public static var allNames: [String] {
    let table = ErrnoTable.rows
    return table.offsets.map { table.string(table.field(0, ofRow: $0)) }
  }
}

extension Errno: CustomStringConvertible {
  /// The error's name, or its number where it has none.
  public var description: String { name ?? "\(number)" }
}
