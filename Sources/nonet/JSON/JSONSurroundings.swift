/// How a text is laid out around a value.
struct JSONSurroundings {
  /// How new values are written there.
  let layout: JSONLayout
  /// What ends a line in this document, also where the layout has no lines.
  let newline: [UInt8]
  /// What stands before the children of the value, where they have lines of their own.
  let childIndentation: [UInt8]?
}

extension JSONSurroundings {
  init(of document: JSONDocument, _ index: Int) {
    let bytes = document.bytes
    let isBlank: (UInt8) -> Bool = { $0 == 0x20 || $0 == 0x09 }
    /// The indentation of the line that begins just before a child, where one does.
    func lineBefore(_ child: Range<Int>?) -> [UInt8]? {
      guard let child else { return nil }
      let count = bytes[..<child.lowerBound].reversed().prefix(while: isBlank).count
      let start = child.lowerBound - count
      return start > 0 && bytes[start - 1] == 0x0a ? Array(bytes[start..<child.lowerBound]) : nil
    }
    let value = JSONValue(document: document, index: index)
    let children = value.childRanges
    let top = document.root.childRanges
    childIndentation = lineBefore(children.first)
    let newlineAt = bytes.firstIndex(of: 0x0a)
    let isCRLF = newlineAt.map { $0 > 0 && bytes[$0 - 1] == 0x0d } ?? false
    newline = isCRLF ? [0x0d, 0x0a] : [0x0a]

    // What a container shows decides; an empty one, and a plain value, is as the whole document.
    let hasLines =
      children.isEmpty ? top.isEmpty || lineBefore(top.first) != nil : childIndentation != nil
    let unit = lineBefore(top.first) ?? [0x20, 0x20]
    let sample = value.members.first ?? document.root.members.first
    let between = sample.map { bytes[$0.name.range.upperBound..<$0.value.range.lowerBound] } ?? []
    let colon: [UInt8] =
      between.elementsEqual([UInt8(ascii: ":")]) ? Array(between) : Array(": ".utf8)
    let comma: [UInt8] = hasLines || colon.count == 1 ? [UInt8(ascii: ",")] : Array(", ".utf8)
    layout = JSONLayout(
      newline: hasLines ? newline : [], unit: unit.isEmpty ? [0x20, 0x20] : unit, colon: colon,
      comma: comma)
  }
}
