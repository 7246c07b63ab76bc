internal import BPFAssembler

/// Changes of a text by which every byte that is not changed stays.
///
/// New values are texts themselves, made by `JSONText`; they are laid out as what stands around them.
/// Each change is read again before it is returned, so a result is always a document.
extension JSONDocument {
  /// The document with another value in the place of one.
  func replacing(_ value: JSONValue, with text: String) throws(JSONError) -> JSONDocument {
    let old = value.range
    let indentation = indentation(ofLineAt: old.lowerBound)
    let new = try laidOut(text, JSONSurroundings(of: self, value.index), after: indentation)
    return try spliced([Splice(range: old, text: new)])
  }

  /// The document in which an object has a member of that name and value: the one that it had, with
  /// a new value, or a new one behind the others.
  func setting(
    _ name: String, of object: JSONValue, to text: String
  ) throws(JSONError) -> JSONDocument {
    if let member = object.member(name) { return try replacing(member.value, with: text) }
    return try adding(name, text, to: object)
  }

  /// The document in which an array has one more element, behind the others.
  func appending(_ text: String, to array: JSONValue) throws(JSONError) -> JSONDocument {
    try adding(nil, text, to: array)
  }

  /// The document without a member or an element.
  ///
  /// - Parameters:
  ///   - index: Which one, counted from 0.
  ///   - container: The object or array.
  /// - Returns: The new document; the same one where there are not so many children.
  /// - Throws: What reading the result throws, which a document that has been read does not.
  func removing(_ index: Int, of container: JSONValue) throws(JSONError) -> JSONDocument {
    let ranges = container.childRanges
    guard ranges.indices.contains(index) else { return self }
    var hole = ranges[index]
    // Where the room before it begins, which holds blanks and comments.
    var room = container.range.lowerBound + 1
    var commaBefore: Int?
    if index > 0 {
      let comma = try commaOffset(from: ranges[index - 1].upperBound)
      room = comma + 1
      commaBefore = comma
    }
    var commaAfter: Int?
    if index + 1 < ranges.count {
      let comma = try commaOffset(from: hole.upperBound)
      commaBefore = nil
      if bytes[hole.upperBound..<comma].allSatisfy(Self.isBlank) {
        hole = hole.lowerBound..<(comma + 1)
      } else {
        commaAfter = comma
      }
    }
    // The blanks before go too, so that no empty line stays; unless they end a comment's line.
    let blanks = bytes[room..<hole.lowerBound].reversed().prefix(while: Self.isBlank).count
    if hole.lowerBound - blanks == room || endsLine(at: hole.upperBound) {
      hole = (hole.lowerBound - blanks)..<hole.upperBound
    }
    return try spliced(
      [commaBefore.map(Splice.init(removing:)), Splice(range: hole, text: [])]
        + [commaAfter.map(Splice.init(removing:))])
  }

  /// Bytes that stand in the place of others.
  private struct Splice {
    let range: Range<Int>
    let text: [UInt8]

    init(range: Range<Int>, text: [UInt8]) {
      self.range = range
      self.text = text
    }

    init(at offset: Int, _ text: [UInt8]) { self.init(range: offset..<offset, text: text) }

    init(removing offset: Int) { self.init(range: offset..<(offset + 1), text: []) }
  }

  /// Reads the text with the splices, which come in order and do not overlap.
  private func spliced(_ splices: [Splice?]) throws(JSONError) -> JSONDocument {
    var text: [UInt8] = []
    var offset = 0
    for case let splice? in splices {
      text += bytes[offset..<splice.range.lowerBound]
      text += splice.text
      offset = splice.range.upperBound
    }
    return try JSONDocument(text + bytes[offset...], options)
  }

  private func adding(
    _ name: String?, _ text: String, to container: JSONValue
  ) throws(JSONError) -> JSONDocument {
    let surroundings = JSONSurroundings(of: self, container.index)
    let layout = surroundings.layout
    let outer = indentation(ofLineAt: container.range.lowerBound)
    let inner = surroundings.childIndentation ?? outer + layout.unit
    var new = name.map { Array(JSONText.string($0).utf8) + layout.colon } ?? []
    new += try laidOut(text, surroundings, after: inner)

    let ranges = container.childRanges
    let closing = container.range.upperBound - 1
    // Behind the last comment, which belongs to what stands before it.
    let blanks = bytes[..<closing].reversed().prefix(while: Self.isBlank).count
    let place = closing - blanks
    let isBehindComment = place > (ranges.last?.upperBound ?? container.range.lowerBound + 1)
    let comma = ranges.last.map { Splice(at: $0.upperBound, [UInt8(ascii: ",")]) }
    if layout.newline.isEmpty && !isBehindComment {
      let blank = ranges.isEmpty ? [] : Array(layout.comma.dropFirst())
      return try spliced([comma, Splice(at: place, blank + new)])
    }
    let newline = surroundings.newline
    let isLast = ranges.isEmpty || !bytes[place..<closing].contains(0x0a)
    let end = isLast ? newline + outer : []
    let hole = isLast ? place..<closing : place..<place
    return try spliced([comma, Splice(range: hole, text: newline + inner + new + end)])
  }

  /// A new value in the layout of what stands around it.
  private func laidOut(
    _ text: String, _ surroundings: JSONSurroundings, after indentation: [UInt8]
  ) throws(JSONError) -> [UInt8] {
    try JSONDocument(Array(text.utf8)).root.written(surroundings.layout, after: indentation)
  }

  /// The blanks with which the line of a place begins.
  private func indentation(ofLineAt offset: Int) -> [UInt8] {
    let start = bytes[..<offset].lastIndex(of: 0x0a).map { $0 + 1 } ?? 0
    return Array(bytes[start..<offset].prefix { $0 == 0x20 || $0 == 0x09 })
  }

  /// The first comma at or behind a place, past blanks and comments.
  private func commaOffset(from offset: Int) throws(JSONError) -> Int {
    var scanner = JSONScanner(bytes: bytes, acceptsComments: options.acceptsComments)
    scanner.offset = offset
    try scanner.skipBlanks()
    return scanner.offset
  }

  private func endsLine(at offset: Int) -> Bool {
    let rest = bytes[offset...].drop { $0 == 0x20 || $0 == 0x09 }
    return rest.first == 0x0a || rest.first == 0x0d
  }

  private static func isBlank(_ byte: UInt8) -> Bool {
    byte == 0x20 || byte == 0x09 || byte == 0x0a || byte == 0x0d
  }
}

extension JSONValue {
  /// Where the children of an object (with their names) or an array stand.
  var childRanges: [Range<Int>] {
    kind == .object
      ? members.map { $0.name.range.lowerBound..<$0.value.range.upperBound }
      : elements.map { $0.range }
  }
}
