/// Finds the values of a JSON text; keeps its own stack, so depth costs no more than memory.
struct JSONParser {
  private let options: JSONOptions
  private var scanner: JSONScanner
  private var nodes: [JSONDocument.Node] = []
  /// The objects and arrays that are open, by their nodes.
  private var open: [Int] = []

  /// What may come next.
  private enum Turn {
    case value, firstElement, firstName, name, afterValue
  }

  /// The places of all values, or the first place where the text is no JSON.
  static func nodes(
    of bytes: [UInt8], _ options: JSONOptions
  ) throws(JSONError) -> [JSONDocument.Node] {
    guard bytes.count <= options.mostBytes else {
      throw JSONError(problem: .tooLarge(options.mostBytes), offset: options.mostBytes)
    }
    if let offset = firstInvalidUTF8(in: bytes) {
      throw JSONError(problem: .notUTF8, offset: offset)
    }
    var parser = JSONParser(bytes, options)
    try parser.parse()
    return parser.nodes
  }

  private init(_ bytes: [UInt8], _ options: JSONOptions) {
    self.options = options
    scanner = JSONScanner(bytes: bytes, acceptsComments: options.acceptsComments)
  }

  private mutating func parse() throws(JSONError) {
    var turn = Turn.value
    while true {
      try scanner.skipBlanks()
      switch turn {
      case .firstElement where scanner.take("]"), .firstName where scanner.take("}"):
        turn = close()
      case .value, .firstElement: turn = try readValue()
      case .name, .firstName: turn = try readName()
      case .afterValue:
        guard let container = open.last else {
          guard scanner.next == nil else { throw scanner.error(.expectedEnd) }
          return
        }
        turn = try readSeparator(nodes[container].kind)
      }
    }
  }

  private mutating func readSeparator(_ kind: JSONKind) throws(JSONError) -> Turn {
    let isObject = kind == .object
    if scanner.take(",") { return isObject ? .name : .value }
    if scanner.take(isObject ? "}" : "]") { return close() }
    throw scanner.error(isObject ? .expectedCommaOrBrace : .expectedCommaOrBracket)
  }

  private mutating func readName() throws(JSONError) -> Turn {
    let start = scanner.offset
    guard scanner.take("\"") else { throw scanner.error(.expectedName) }
    try scanner.skipString()
    try add(.string, from: start)
    try scanner.skipBlanks()
    guard scanner.take(":") else { throw scanner.error(.expectedColon) }
    return .value
  }

  private mutating func readValue() throws(JSONError) -> Turn {
    let start = scanner.offset
    switch scanner.next {
    case UInt8(ascii: "{"), UInt8(ascii: "["):
      guard open.count < options.mostDepth else {
        throw scanner.error(.tooDeep(options.mostDepth))
      }
      let isObject = scanner.take("{")
      if !isObject { _ = scanner.take("[") }
      open.append(nodes.count)
      try add(isObject ? .object : .array, from: start)
      return isObject ? .firstName : .firstElement
    case UInt8(ascii: "\""):
      _ = scanner.take("\"")
      try scanner.skipString()
      try add(.string, from: start)
    case UInt8(ascii: "t") where scanner.take(word: "true"): try add(.true, from: start)
    case UInt8(ascii: "f") where scanner.take(word: "false"): try add(.false, from: start)
    case UInt8(ascii: "n") where scanner.take(word: "null"): try add(.null, from: start)
    case UInt8(ascii: "-"), .some(UInt8(ascii: "0")...UInt8(ascii: "9")):
      try scanner.skipNumber()
      try add(.number, from: start)
    case _: throw scanner.error(.expectedValue)
    }
    return .afterValue
  }

  private mutating func add(_ kind: JSONKind, from start: Int) throws(JSONError) {
    guard nodes.count < options.mostValues else {
      throw JSONError(problem: .tooMany(options.mostValues), offset: start)
    }
    nodes.append(
      JSONDocument.Node(
        kind: kind, start: UInt32(start), end: UInt32(scanner.offset),
        next: UInt32(nodes.count + 1)))
  }

  /// Ends the object or array that was opened last.
  private mutating func close() -> Turn {
    if let container = open.popLast() {
      nodes[container].end = UInt32(scanner.offset)
      nodes[container].next = UInt32(nodes.count)
    }
    return .afterValue
  }
}
