/// A text of TOML 1.0 with the place of every value in it.
///
/// The text itself stays as it is; whoever changes it splices it and reads the result.
struct TOMLDocument {
  /// The text, as it was read.
  let bytes: [UInt8]
  fileprivate let tree: TOMLTree

  /// Reads a text.
  ///
  /// - Throws: The first place where the text is no TOML or beyond the limits.
  init(_ bytes: [UInt8]) throws(TOMLError) {
    tree = try TOMLParser.tree(of: bytes)
    self.bytes = bytes
  }

  /// The table that is the whole text.
  var root: TOMLValue { TOMLValue(document: self, index: 0) }

  /// The headers and values, in their order, with the lines that they stand on.
  var statements: [TOMLTree.Statement] { tree.statements }

  /// How many values there are; each has an index below that.
  var count: Int { tree.nodes.count }

  /// The number of the line on which a value stands, or is named first, from 1.
  func line(of value: TOMLValue) -> Int { bytes.place(at: value.range.lowerBound).line }
}

/// One value of a document.
struct TOMLValue {
  let document: TOMLDocument
  /// The value's node; every index that is made here belongs to one.
  let index: Int

  private var node: TOMLTree.Node { document.tree.nodes[index] }

  var kind: TOMLTree.Kind { node.kind }

  /// Where the value stands in the text; of a table that is no inline one, where it is named first.
  var range: Range<Int> { node.range }

  /// Whether this is an array of tables with headers, `[[NAME]]`.
  var isOfHeaders: Bool { kind == .array && node.origin == .header }

  /// A member of a table.
  struct Member {
    let name: [UInt8]
    let value: TOMLValue
  }

  /// The members of a table in the order in which they are named first; of all else none.
  var members: [Member] {
    guard kind == .table else { return [] }
    return children.map { Member(name: $0.node.name, value: $0) }
  }

  /// The elements of an array; of all else none.
  var elements: [TOMLValue] { kind == .array ? children : [] }

  private var children: [TOMLValue] {
    var children: [TOMLValue] = []
    var next = node.first
    while let index = next {
      let child = TOMLValue(document: document, index: index)
      children.append(child)
      next = child.node.next
    }
    return children
  }

  /// The member of that name.
  subscript(name: String) -> TOMLValue? { self[Array(name.utf8)] }

  subscript(name: [UInt8]) -> TOMLValue? {
    document.tree.member(name, of: index).map { TOMLValue(document: document, index: $0) }
  }

  /// The characters, where this is a string.
  var utf8: [UInt8]? { kind == .string ? node.text : nil }

  /// True or false, where this is one of them.
  var bool: Bool? { kind == .boolean ? node.text.elementsEqual("true".utf8) : nil }

  /// Whether another value says the same: the members of tables in any order; numbers, dates and times
  /// only as they are written.
  func says(_ other: TOMLValue) -> Bool {
    let (one, two) = (node, other.node)
    guard one.kind == two.kind, one.count == two.count, one.text == two.text else { return false }
    if one.kind == .table {
      return members.allSatisfy { member in other[member.name].map(member.value.says) ?? false }
    }
    return zip(elements, other.elements).allSatisfy { $0.says($1) }
  }
}
