/// Reads a text of TOML 1.0.
struct TOMLParser: ByteScanner {
  let bytes: [UInt8]
  var offset = 0
  private var tree = TOMLTree()

  /// The largest text, in bytes.
  static let mostBytes = 4 << 20

  /// What a text says.
  ///
  /// - Throws: The first place where it is no TOML, or beyond the limits.
  static func tree(of bytes: [UInt8]) throws(TOMLError) -> TOMLTree {
    guard bytes.count <= mostBytes else {
      throw TOMLError(problem: .tooLarge(mostBytes), offset: mostBytes)
    }
    if let offset = firstInvalidUTF8(in: bytes) {
      throw TOMLError(problem: .notUTF8, offset: offset)
    }
    var parser = TOMLParser(bytes)
    try parser.parse()
    return parser.tree
  }

  private init(_ bytes: [UInt8]) { self.bytes = bytes }

  func error(_ problem: TOMLError.Problem) -> TOMLError {
    TOMLError(problem: problem, offset: offset)
  }

  /// Goes past the end of a line, where it is next.
  mutating func takeNewline() -> Bool {
    if take("\n") { return true }
    guard next == 0x0d, peek(1) == 0x0a else { return false }
    offset += 2
    return true
  }

  mutating func skipBlanks() {
    while next == 0x20 || next == 0x09 { offset += 1 }
  }

  /// Whether a byte may stand neither in a string nor in a comment.
  static func isControl(_ byte: UInt8) -> Bool { byte < 0x20 && byte != 0x09 || byte == 0x7f }

  private mutating func skipComment() throws(TOMLError) {
    guard next == UInt8(ascii: "#") else { return }
    while let byte = next, byte != 0x0a {
      if byte == 0x0d, peek(1) == 0x0a { return }
      if Self.isControl(byte) { throw error(.controlCharacter) }
      offset += 1
    }
  }

  /// Goes past blanks, comments and the ends of lines.
  private mutating func skipLines() throws(TOMLError) {
    repeat {
      skipBlanks()
      try skipComment()
    } while takeNewline()
  }

  // MARK: Statements

  private mutating func parse() throws(TOMLError) {
    var table = 0
    while next != nil {
      let start = offset
      skipBlanks()
      let isHeader = next == UInt8(ascii: "[")
      let isEmpty = next == nil || next == UInt8(ascii: "#") || next == 0x0a || next == 0x0d
      if isHeader {
        table = try readHeader()
      } else if !isEmpty {
        try readPair(in: table)
      }
      skipBlanks()
      try skipComment()
      guard takeNewline() || next == nil else { throw error(.expectedLineEnd) }
      if isEmpty { continue }
      tree.statements.append(
        TOMLTree.Statement(lines: start..<offset, table: table, isHeader: isHeader))
    }
  }

  /// - Returns: The table that it begins.
  private mutating func readHeader() throws(TOMLError) -> Int {
    _ = take("[")
    let isElement = take("[")
    let (way, name) = try readNames()
    guard take("]"), !isElement || take("]") else { throw error(.expectedBracket) }
    var table = 0
    for name in way { table = try tree.pass(name, of: table) }
    return isElement ? try tree.append(name, of: table) : try tree.begin(name, of: table)
  }

  /// Reads `NAME = VALUE`.
  private mutating func readPair(in table: Int) throws(TOMLError) {
    let (way, name) = try readNames()
    guard take("=") else { throw error(.expectedEquals) }
    skipBlanks()
    var table = table
    for name in way { table = try tree.passDotted(name, of: table) }
    guard tree.member(name.bytes, of: table) == nil else {
      throw TOMLError(problem: .secondMeaning, offset: name.range.lowerBound)
    }
    try readValue(name.bytes, to: table)
  }

  /// Reads the parts of a dotted name and the blanks behind it.
  private mutating func readNames() throws(TOMLError) -> (way: [TOMLTree.Name], TOMLTree.Name) {
    var way: [TOMLTree.Name] = []
    while true {
      skipBlanks()
      let start = offset
      let name = TOMLTree.Name(bytes: try readName(), range: start..<offset)
      skipBlanks()
      guard take(".") else { return (way, name) }
      guard way.count < TOMLTree.mostDepth else { throw error(.tooDeep(TOMLTree.mostDepth)) }
      way.append(name)
    }
  }

  private mutating func readName() throws(TOMLError) -> [UInt8] {
    if let quote = next, quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") {
      return try readString(quote, mayHaveLines: false)
    }
    let start = offset
    while let byte = next, Self.isOfName(byte) { offset += 1 }
    if offset == start { throw error(.expectedName) }
    return Array(bytes[start..<offset])
  }

  private static func isOfName(_ byte: UInt8) -> Bool {
    UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte.lowercased || byte.isDigit
      || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-")
  }

  // MARK: Values

  /// Reads a value; the depth of the tree bounds how deep this goes.
  private mutating func readValue(_ name: [UInt8]?, to parent: Int) throws(TOMLError) {
    let kind: TOMLTree.Kind
    switch next {
    case UInt8(ascii: "["): kind = .array
    case UInt8(ascii: "{"): kind = .table
    case UInt8(ascii: "\""), UInt8(ascii: "'"): kind = .string
    case UInt8(ascii: "t"), UInt8(ascii: "f"): kind = .boolean
    case _: kind = .other
    }
    let start = offset
    let node = try tree.add(kind, .value, name, at: start..<start, to: parent)
    var text: [UInt8] = []
    switch kind {
    case .array: try readElements(of: node)
    case .table: try readMembers(of: node)
    case .string: text = try readString(bytes[start], mayHaveLines: true)
    case .boolean, .other: text = try readScalar(isBoolean: kind == .boolean)
    }
    tree.finish(node, at: offset, text: text)
  }

  private mutating func readElements(of array: Int) throws(TOMLError) {
    _ = take("[")
    while true {
      try skipLines()
      if take("]") { return }
      try readValue(nil, to: array)
      try skipLines()
      if take("]") { return }
      guard take(",") else { throw error(.expectedCommaOrBracket) }
    }
  }

  private mutating func readMembers(of table: Int) throws(TOMLError) {
    _ = take("{")
    skipBlanks()
    if take("}") { return }
    while true {
      try readPair(in: table)
      skipBlanks()
      if take("}") { return }
      guard take(",") else { throw error(.expectedCommaOrBrace) }
    }
  }

  private mutating func readScalar(isBoolean: Bool) throws(TOMLError) -> [UInt8] {
    let start = offset
    skipScalar()
    // A blank may stand between a date and a time.
    if TOMLScalar.isDate(bytes[start..<offset]), next == 0x20, peek(1)?.isDigit == true {
      offset += 1
      skipScalar()
    }
    let text = bytes[start..<offset]
    let isSound =
      isBoolean
      ? text.elementsEqual("true".utf8) || text.elementsEqual("false".utf8)
      : TOMLScalar.isSound(text)
    guard isSound else { throw TOMLError(problem: .expectedValue, offset: start) }
    return Array(text)
  }

  private mutating func skipScalar() {
    while let byte = next,
      Self.isOfName(byte) || byte == UInt8(ascii: "+") || byte == UInt8(ascii: ".")
        || byte == UInt8(ascii: ":")
    {
      offset += 1
    }
  }
}
