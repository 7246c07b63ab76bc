/// Why a text is no JSON, and where.
struct JSONError: Error, Equatable {
  /// What stands where something else had to.
  enum Problem: Equatable {
    case expectedValue, expectedName, expectedColon, expectedEnd
    case expectedCommaOrBrace, expectedCommaOrBracket
    case expectedDigit, expectedHexDigit, expectedEscape, unclosedString, controlCharacter
    case unclosedComment, notUTF8
    case tooLarge(Int), tooDeep(Int), tooMany(Int)
  }

  let problem: Problem
  /// How many bytes stand before the place.
  let offset: Int

  /// The place as editors count it: line and column from 1, columns in bytes.
  func place(in bytes: [UInt8]) -> (line: Int, column: Int) { bytes.place(at: offset) }
}

extension JSONError: CustomStringConvertible {
  var description: String { "byte \(offset): \(problem.words)" }
}

extension JSONError.Problem {
  /// What was expected, as part of a sentence.
  var words: String {
    switch self {
    case .expectedValue: "expected a value"
    case .expectedName: "expected a name in quotation marks"
    case .expectedColon: "expected ':'"
    case .expectedEnd: "expected nothing more after the value"
    case .expectedCommaOrBrace: "expected ',' or '}'"
    case .expectedCommaOrBracket: "expected ',' or ']'"
    case .expectedDigit: "expected a digit"
    case .expectedHexDigit: "expected four hexadecimal digits after '\\u'"
    case .expectedEscape: "expected one of \" \\ / b f n r t u after '\\'"
    case .unclosedString: "expected the '\"' that ends the string"
    case .controlCharacter: "expected an escape; control characters may not stand in a string"
    case .unclosedComment: "expected the '*/' that ends the comment"
    case .notUTF8: "expected UTF-8"
    case .tooLarge(let most): "expected at most \(most) bytes"
    case .tooDeep(let most): "expected at most \(most) objects and arrays inside each other"
    case .tooMany(let most): "expected at most \(most) values"
    }
  }
}
