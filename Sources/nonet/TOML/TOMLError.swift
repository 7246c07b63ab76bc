/// Why a text is no TOML, and where.
struct TOMLError: Error, Equatable {
  /// What stands where something else had to.
  enum Problem: Equatable {
    case expectedName, expectedEquals, expectedValue, expectedBracket, expectedLineEnd
    case expectedCommaOrBrace, expectedCommaOrBracket
    case expectedEscape, expectedCharacterNumber, unclosedString, controlCharacter, notUTF8
    /// A name that has its meaning already.
    case secondMeaning
    case tooLarge(Int), tooDeep(Int), tooMany(Int)
  }

  let problem: Problem
  /// How many bytes stand before the place.
  let offset: Int

  /// The place as editors count it: line and column from 1, columns in bytes.
  func place(in bytes: [UInt8]) -> (line: Int, column: Int) { bytes.place(at: offset) }
}

extension TOMLError.Problem {
  /// What was expected, as part of a sentence.
  var words: String {
    switch self {
    case .expectedName: "expected a name"
    case .expectedEquals: "expected '='"
    case .expectedValue: "expected a value"
    case .expectedBracket: "expected the bracket that ends the table's name"
    case .expectedLineEnd: "expected nothing more on the line"
    case .expectedCommaOrBrace: "expected ',' or '}'"
    case .expectedCommaOrBracket: "expected ',' or ']'"
    case .expectedEscape: "expected one of \" \\ b t n f r u U after '\\'"
    case .expectedCharacterNumber:
      "expected the hexadecimal number of a character, of four digits after '\\u' or eight after '\\U'"
    case .unclosedString: "expected the quotation mark that ends the string"
    case .controlCharacter: "expected no control character"
    case .notUTF8: "expected UTF-8"
    case .secondMeaning: "expected another name; this one has its meaning already"
    case .tooLarge(let most): "expected at most \(most) bytes"
    case .tooDeep(let most): "expected at most \(most) tables and arrays inside each other"
    case .tooMany(let most): "expected at most \(most) values"
    }
  }
}
