/// A number that the kernel's headers have a name for, such as `AF_UNIX`.
///
/// A value is a row of Tables/constants.tsv, which names the header of each group.
public struct NamedConstant: Hashable, Sendable {
  private let row: UInt16

  /// The constant whose name is exactly these bytes, or nil.
  public init?(named name: some Collection<UInt8>) {
    guard let row = ConstantTable.rows.row(named: name) else { return nil }
    self.row = UInt16(truncatingIfNeeded: row)
  }

  /// The constant of that name, or nil.
  public init?(named name: String) {
    self.init(named: name.utf8)
  }

  private init(row: Int) {
    self.row = UInt16(truncatingIfNeeded: row)
  }

  /// The name in the kernel's headers.
  public var name: String {
    let table = ConstantTable.rows
    return table.string(table.field(0, ofRow: Int(row)))
  }

  /// The value on an ABI; x86 and Arm differ in a few.
  ///
  /// A negative one such as `AT_FDCWD` is extended to 64 bits; an `.int` takes its low half.
  public func value(on architecture: Architecture) -> UInt64 {
    let table = ConstantTable.rows
    let common = table.value(table.field(1, ofRow: Int(row))) ?? 0
    return table.value(table.field(architecture.constants.rawValue, ofRow: Int(row))) ?? common
  }

  /// All constants, by name.
  public static var all: [NamedConstant] {
    ConstantTable.rows.offsets.map { NamedConstant(row: $0) }
  }
}

extension NamedConstant: CustomStringConvertible {
  /// The constant's name.
  public var description: String { name }
}
