/// A JSON text (RFC 8259) with the place of every value in it.
///
/// The text itself stays as it is: values are places in it, and a change is a splice. So whatever
/// nobody touches (unknown members, order, duplicates, digits of numbers, escapes, blanks, comments)
/// is kept to the byte without anybody taking care of it.
struct JSONDocument: Equatable {
  /// The text, as it was read.
  let bytes: [UInt8]
  /// What was accepted when it was read, and is accepted again after an edit.
  let options: JSONOptions
  /// The values in the order of their first bytes; names of members stand before their values.
  let nodes: [Node]

  /// The place of one value, or of one name.
  struct Node: Equatable {
    let kind: JSONKind
    let start: UInt32
    var end: UInt32
    /// The index of the first node that begins behind this one and all that it holds.
    var next: UInt32
  }

  /// Reads a text.
  ///
  /// - Throws: The first place where the text is no JSON or beyond the limits.
  init(_ bytes: [UInt8], _ options: JSONOptions = JSONOptions()) throws(JSONError) {
    nodes = try JSONParser.nodes(of: bytes, options)
    self.bytes = bytes
    self.options = options
  }

  /// The value that is the whole text.
  var root: JSONValue { JSONValue(document: self, index: 0) }
}

/// What a value is.
enum JSONKind: UInt8 {
  case object, array, string, number, `true`, `false`, null
}

/// What is accepted, and how much of it.
struct JSONOptions: Equatable {
  /// Whether `//` and `/* */` count as blanks, as some programs' settings have them.
  var acceptsComments = false
  /// The largest text, in bytes.
  var mostBytes = 16 << 20
  /// How many objects and arrays may be open at once.
  var mostDepth = 128
  /// How many values and names there may be; each costs 16 bytes.
  var mostValues = 1 << 20

  init(
    acceptsComments: Bool = false, mostBytes: Int = 16 << 20, mostDepth: Int = 128,
    mostValues: Int = 1 << 20
  ) {
    self.acceptsComments = acceptsComments
    // Places are 32 bits wide.
    self.mostBytes = min(mostBytes, 1 << 30)
    self.mostDepth = mostDepth
    self.mostValues = min(mostValues, 1 << 30)
  }
}
