/// One value of a document: what it is, what it holds, and how it is written.
struct JSONValue {
  let document: JSONDocument
  /// The value's node; every index that is made here belongs to one.
  let index: Int

  private var node: JSONDocument.Node { document.nodes[index] }

  var kind: JSONKind { node.kind }

  /// Where the value stands in the text.
  var range: Range<Int> { Int(node.start)..<Int(node.end) }

  /// The value as it is written, to the byte.
  var source: ArraySlice<UInt8> { document.bytes[range] }

  /// A member of an object.
  struct Member {
    let name: JSONValue
    let value: JSONValue
  }

  /// The members of an object in their order, duplicates included; of all else none.
  var members: [Member] {
    guard kind == .object else { return [] }
    var members: [Member] = []
    var name = index + 1
    while name < Int(node.next) {
      let value = JSONValue(document: document, index: name + 1)
      members.append(Member(name: JSONValue(document: document, index: name), value: value))
      name = Int(value.node.next)
    }
    return members
  }

  /// The elements of an array; of all else none.
  var elements: [JSONValue] {
    guard kind == .array else { return [] }
    var elements: [JSONValue] = []
    var next = index + 1
    while next < Int(node.next) {
      let element = JSONValue(document: document, index: next)
      elements.append(element)
      next = Int(element.node.next)
    }
    return elements
  }

  /// The member of that name; of several the last, as JavaScript and Python have it.
  subscript(name: String) -> JSONValue? { member(name)?.value }

  /// The member of that name with its name; of several the last.
  func member(_ name: String) -> Member? {
    guard kind == .object else { return nil }
    var found: Int?
    var next = index + 1
    let end = Int(node.next)
    while next < end {
      if document.node(next, spells: name) { found = next }
      next = Int(document.nodes[next + 1].next)
    }
    return found.map { place in
      Member(
        name: JSONValue(document: document, index: place),
        value: JSONValue(document: document, index: place + 1))
    }
  }

  /// Whether this is a string of these characters, however it is escaped.
  func spells(_ text: String) -> Bool { document.node(index, spells: text) }

  /// The whole number, where this is one that is written without fraction and exponent and fits.
  var integer: Int? {
    guard kind == .number else { return nil }
    return Int(String(decoding: source, as: UTF8.self))
  }

  /// True or false, where this is one of them.
  var bool: Bool? {
    switch kind {
    case .true: true
    case .false: false
    case .object, .array, .string, .number, .null: nil
    }
  }
}

extension JSONDocument {
  /// Whether a node is a string of these characters.
  ///
  /// Makes no values: a look-up asks every member of an object, and nearly every name is written
  /// plainly.
  fileprivate func node(_ index: Int, spells text: String) -> Bool {
    let node = nodes[index]
    guard node.kind == .string else { return false }
    let inner = bytes[(Int(node.start) + 1)..<(Int(node.end) - 1)]
    if !inner.contains(UInt8(ascii: "\\")) { return inner.elementsEqual(text.utf8) }
    return JSONValue(document: self, index: index).utf8.map { $0.elementsEqual(text.utf8) } ?? false
  }
}
