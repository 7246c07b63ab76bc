/// Writing values anew; names, strings and numbers stay as they are written.
extension JSONValue {
  /// The value without blanks and comments, on one line.
  var compact: [UInt8] { written(JSONLayout.compact) }

  /// The value with other blanks and no comments.
  ///
  /// - Parameters:
  ///   - layout: How to write it.
  ///   - indentation: What stands before the line on which the value begins.
  /// - Returns: The text, which begins behind that indentation and ends without a newline.
  func written(_ layout: JSONLayout, after indentation: [UInt8] = []) -> [UInt8] {
    let inner = indentation + layout.unit
    let parts: [[UInt8]]
    switch kind {
    case .object:
      parts = members.map { member in
        Array(member.name.source) + layout.colon + member.value.written(layout, after: inner)
      }
    case .array: parts = elements.map { $0.written(layout, after: inner) }
    case .string, .number, .true, .false, .null: return Array(source)
    }
    var text: [UInt8] = [kind == .object ? UInt8(ascii: "{") : UInt8(ascii: "[")]
    for (index, part) in parts.enumerated() {
      if index > 0 { text += layout.comma }
      text += layout.newline.isEmpty ? [] : layout.newline + inner
      text += part
    }
    if !parts.isEmpty, !layout.newline.isEmpty { text += layout.newline + indentation }
    return text + [kind == .object ? UInt8(ascii: "}") : UInt8(ascii: "]")]
  }
}

/// The blanks between the parts of a value.
struct JSONLayout {
  /// What ends a line; empty where all stands on one.
  var newline: [UInt8]
  /// One step of indentation.
  var unit: [UInt8]
  /// What stands between a name and its value.
  var colon: [UInt8]
  /// What stands between two members or elements, before the end of the line.
  var comma: [UInt8]

  static let compact = JSONLayout(
    newline: [], unit: [], colon: [UInt8(ascii: ":")], comma: [UInt8(ascii: ",")])
}
