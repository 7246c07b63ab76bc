/// A sorted table of names that is nothing but read-only text.
///
/// Rows end in a newline, fields are apart by one space, the first is the row's name. A lookup
/// halves the text by bytes and steps back to the start of the row it landed in, so the table
/// needs no index, no relocation and no work at start-up, and a row is known by its offset.
struct TextTable: Sendable {
  private let text: StaticString

  init(_ text: StaticString) {
    self.text = text
  }

  /// The number of bytes; every row starts below it.
  var count: Int { text.utf8CodeUnitCount }

  /// One byte of the text, a newline beyond either end.
  subscript(offset: Int) -> UInt8 {
    guard offset >= 0, offset < count else { return UInt8(ascii: "\n") }
    return text.utf8Start[offset]
  }

  /// The start of the row after the one that holds `offset`.
  func row(after offset: Int) -> Int {
    var next = offset
    while self[next] != UInt8(ascii: "\n") { next += 1 }
    return next + 1
  }

  /// The first row of that name, or nil.
  ///
  /// Arrays, their slices and native strings lend their bytes; anything else is copied first.
  func row(named name: some Collection<UInt8>) -> Int? {
    let found: Int?? = name.withContiguousStorageIfAvailable { row(named: $0) }
    if let found { return found }
    return Array(name).withUnsafeBufferPointer { row(named: $0) }
  }

  /// The first row whose name is that of a row of another table, or nil.
  func row(namedLike offset: Int, of other: TextTable) -> Int? {
    row(named: other.bytes(other.field(0, ofRow: offset)))
  }

  private func row(named name: UnsafeBufferPointer<UInt8>) -> Int? {
    var low = 0
    var high = count
    while low < high {
      var middle = low + (high - low) / 2
      while middle > low, self[middle - 1] != UInt8(ascii: "\n") { middle -= 1 }
      if isRow(at: middle, before: name) {
        low = row(after: middle)
      } else {
        high = middle
      }
    }
    return isRow(at: low, named: name) ? low : nil
  }

  /// Where the rows begin, in the order of the text.
  var offsets: UnfoldSequence<Int, Int> {
    sequence(state: 0) { next in
      guard next < count else { return nil }
      defer { next = row(after: next) }
      return next
    }
  }

  /// The bytes of a field; the text lives as long as the program does.
  private func bytes(_ range: Range<Int>) -> UnsafeBufferPointer<UInt8> {
    UnsafeBufferPointer(start: text.utf8Start + range.lowerBound, count: range.count)
  }

  /// Whether the row at `offset` has exactly that name.
  private func isRow(at offset: Int, named name: UnsafeBufferPointer<UInt8>) -> Bool {
    matches(field(0, ofRow: offset), name)
  }

  /// The row after this one, where it has the same name.
  func row(afterLike offset: Int) -> Int? {
    let next = row(after: offset)
    return isRow(at: next, named: bytes(field(0, ofRow: offset))) ? next : nil
  }

  /// Whether the bytes in `range` are `bytes`; an empty range matches nothing.
  func matches(_ range: Range<Int>, _ bytes: some Collection<UInt8>) -> Bool {
    var position = range.lowerBound
    for byte in bytes {
      guard position < range.upperBound, self[position] == byte else { return false }
      position += 1
    }
    return position == range.upperBound && !range.isEmpty
  }

  /// Where a field's bytes lie; empty when the row has fewer fields.
  func field(_ index: Int, ofRow offset: Int) -> Range<Int> {
    var start = offset
    for _ in 0..<index {
      while self[start] > UInt8(ascii: " ") { start += 1 }
      guard self[start] == UInt8(ascii: " ") else { return start..<start }
      start += 1
    }
    var end = start
    while self[end] > UInt8(ascii: " ") { end += 1 }
    return start..<end
  }

  /// The bytes of a field as text.
  func string(_ range: Range<Int>) -> String {
    String(decoding: bytes(range), as: UTF8.self)
  }

  /// The value of a field in decimal or, after `0x`, in hexadecimal; nil for anything else.
  ///
  /// The tables are ours and their values fit, so the arithmetic wraps instead of checking.
  func value(_ range: Range<Int>) -> UInt64? {
    var position = range.lowerBound
    let isHexadecimal =
      range.count > 2 && self[position] == UInt8(ascii: "0")
      && self[position + 1] == UInt8(ascii: "x")
    if isHexadecimal { position += 2 }
    let base: UInt64 = isHexadecimal ? 16 : 10
    guard position < range.upperBound else { return nil }
    var value: UInt64 = 0
    while position < range.upperBound {
      guard let digit = Self.digit(self[position]), digit < base else { return nil }
      value = value &* base &+ digit
      position += 1
    }
    return value
  }

  /// The value of one hexadecimal digit.
  static func digit(_ byte: UInt8) -> UInt64? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt64(byte - UInt8(ascii: "0"))
    case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt64(byte - UInt8(ascii: "a")) + 10
    default: nil
    }
  }

  /// Whether the row's name sorts before `name`, byte by byte.
  private func isRow(at offset: Int, before name: UnsafeBufferPointer<UInt8>) -> Bool {
    var position = offset
    for byte in name {
      let own = self[position]
      guard own > UInt8(ascii: " ") else { return true }
      guard own == byte else { return own < byte }
      position += 1
    }
    return false
  }
}
