/// A set of system calls that units of systemd name, such as `@system-service`.
///
/// From Tables/sets.tsv, which says of which systemd it is.
public struct SystemdSet: Hashable, Sendable {
  private let row: UInt16

  private init(row: Int) {
    self.row = UInt16(truncatingIfNeeded: row)
  }

  /// The set of that name, or nil.
  ///
  /// - Parameter name: The name without its `@`.
  public init?(named name: some Collection<UInt8>) {
    guard let row = SetTable.rows.row(named: name) else { return nil }
    self.init(row: row)
  }

  /// The name without its `@`.
  public var name: String {
    let table = SetTable.rows
    return table.string(table.field(0, ofRow: Int(row)))
  }

  /// The calls, those of the sets in it among them, each once.
  public var calls: [Syscall] {
    var calls: [Syscall] = []
    add(to: &calls, depth: 0)
    return calls
  }

  /// Sets hold others, and these hold none (`@system-service`, `@privileged`); the depth keeps a wrong table
  /// from going round for ever.
  private func add(to calls: inout [Syscall], depth: Int) {
    let table = SetTable.rows
    var position = table.field(0, ofRow: Int(row)).upperBound
    while table[position] == UInt8(ascii: " "), depth < 4 {
      let member = table.field(0, ofRow: position + 1)
      let bytes = member.map { table[$0] }
      if bytes.first == UInt8(ascii: "@") {
        SystemdSet(named: bytes.dropFirst())?.add(to: &calls, depth: depth + 1)
      } else if let call = Syscall(named: bytes), !calls.contains(call) {
        calls.append(call)
      }
      position = member.upperBound
    }
  }

  /// All sets, by name.
  public static var all: [SystemdSet] {
    SetTable.rows.offsets.map { SystemdSet(row: $0) }
  }
}
