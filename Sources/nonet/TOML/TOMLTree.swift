/// What a text of TOML says, as nodes in one list, and which names it may still give.
struct TOMLTree {
  /// What a node is.
  enum Kind: UInt8 {
    case table, array, string, boolean
    /// A number, a date or a time.
    case other
  }

  /// By what a node came, which decides what may be added to it (TOML 1.0, "Table").
  enum Origin: UInt8 {
    /// A table on the way to that of a header; it may still get a header or dotted names.
    case way
    /// A table with a header, or an array of such tables; other headers may add tables.
    case header
    /// A table on the way of a dotted name; more of these may add to it.
    case dotted
    /// What stands behind a `=` or in an array, and is whole.
    case value
  }

  struct Node {
    let kind: Kind
    var origin: Origin
    /// The table or array that holds it.
    let parent: Int
    /// Empty in an array.
    let name: [UInt8]
    /// Where the value stands in the text; of a table that is none, where it is named first.
    var range: Range<Int>
    /// The characters of a string, and other scalars as they are written.
    var text: [UInt8] = []
    let depth: Int
    /// The nodes that it holds: the first and the last of them, and how many.
    var first: Int?
    var last: Int?
    var count = 0
    /// The next one that its parent holds.
    var next: Int?
    /// The next one whose name falls into the same slot.
    var beside: Int?
  }

  /// Lines with a header, or with a name and its value.
  struct Statement {
    /// From the first byte of a line to behind a newline.
    let lines: Range<Int>
    /// The table that is named, or that gets the value.
    let table: Int
    let isHeader: Bool
  }

  private(set) var nodes: [Node]
  var statements: [Statement] = []
  /// The newest node of each slot of names.
  private var slots: [Int?]

  /// How deep a node may be, and how many there may be.
  static let mostDepth = 128
  static let mostNodes = 1 << 17
  /// A power of two.
  private static let slotCount = 1 << 12

  /// With the table that is the whole text.
  init() {
    nodes = [Node(kind: .table, origin: .header, parent: 0, name: [], range: 0..<0, depth: 0)]
    slots = Array(repeating: nil, count: Self.slotCount)
  }

  /// The node that a table has by a name.
  func member(_ name: some Collection<UInt8>, of table: Int) -> Int? {
    var next = slots[Self.slot(of: name, in: table)]
    while let index = next {
      let node = nodes[index]
      if node.parent == table, node.name.elementsEqual(name) { return index }
      next = node.beside
    }
    return nil
  }

  /// The slot of a name (FNV-1a, cut).
  private static func slot(of name: some Collection<UInt8>, in table: Int) -> Int {
    var hash = 0x811c_9dc5 ^ UInt32(truncatingIfNeeded: table)
    for byte in name { hash = (hash ^ UInt32(byte)) &* 0x0100_0193 }
    return Int((hash ^ hash >> 16) & UInt32(slotCount - 1))
  }

  /// Adds a node behind those that a table or an array has: one whose name the table has not, or an element
  /// without a name.
  mutating func add(
    _ kind: Kind, _ origin: Origin, _ name: [UInt8]?, at range: Range<Int>, to parent: Int
  ) throws(TOMLError) -> Int {
    let depth = nodes[parent].depth + 1
    if depth > Self.mostDepth {
      throw TOMLError(problem: .tooDeep(Self.mostDepth), offset: range.lowerBound)
    }
    let index = nodes.count
    if index >= Self.mostNodes {
      throw TOMLError(problem: .tooMany(Self.mostNodes), offset: range.lowerBound)
    }
    var node = Node(
      kind: kind, origin: origin, parent: parent, name: name ?? [], range: range, depth: depth)
    if let name {
      let slot = Self.slot(of: name, in: parent)
      node.beside = slots[slot]
      slots[slot] = index
    }
    nodes.append(node)
    if let last = nodes[parent].last {
      nodes[last].next = index
    } else {
      nodes[parent].first = index
    }
    nodes[parent].last = index
    nodes[parent].count += 1
    return index
  }

  /// Says what a value is and where it ends.
  mutating func finish(_ index: Int, at end: Int, text: [UInt8] = []) {
    nodes[index].range = nodes[index].range.lowerBound..<end
    nodes[index].text = text
  }

  // MARK: Names

  /// A part of a name, and where it stands.
  struct Name {
    let bytes: [UInt8]
    let range: Range<Int>
  }

  /// The table that a header leads through.
  mutating func pass(_ name: Name, of table: Int) throws(TOMLError) -> Int {
    guard let found = member(name.bytes, of: table) else {
      return try add(.table, .way, name.bytes, at: name.range, to: table)
    }
    let node = nodes[found]
    if node.kind == .table, node.origin != .value { return found }
    if node.kind == .array, node.origin == .header, let last = node.last { return last }
    throw TOMLError(problem: .secondMeaning, offset: name.range.lowerBound)
  }

  /// The table that `[NAME]` begins.
  mutating func begin(_ name: Name, of table: Int) throws(TOMLError) -> Int {
    guard let found = member(name.bytes, of: table) else {
      return try add(.table, .header, name.bytes, at: name.range, to: table)
    }
    guard nodes[found].kind == .table, nodes[found].origin == .way else {
      throw TOMLError(problem: .secondMeaning, offset: name.range.lowerBound)
    }
    nodes[found].origin = .header
    return found
  }

  /// The table that `[[NAME]]` begins.
  mutating func append(_ name: Name, of table: Int) throws(TOMLError) -> Int {
    var found = member(name.bytes, of: table)
    if found == nil { found = try add(.array, .header, name.bytes, at: name.range, to: table) }
    guard let array = found, nodes[array].kind == .array, nodes[array].origin == .header else {
      throw TOMLError(problem: .secondMeaning, offset: name.range.lowerBound)
    }
    return try add(.table, .header, nil, at: name.range, to: array)
  }

  /// The table that a dotted name leads through.
  mutating func passDotted(_ name: Name, of table: Int) throws(TOMLError) -> Int {
    guard let found = member(name.bytes, of: table) else {
      return try add(.table, .dotted, name.bytes, at: name.range, to: table)
    }
    let node = nodes[found]
    guard node.kind == .table, node.origin == .way || node.origin == .dotted else {
      throw TOMLError(problem: .secondMeaning, offset: name.range.lowerBound)
    }
    nodes[found].origin = .dotted
    return found
  }
}
