/// The words of `$NONET_OPTIONS` and of commands in settings: blanks part them, and quoting is the
/// part of the shell's that has no expansions.
///
/// `'...'` is taken as it stands; in `"..."` a backslash takes the special meaning from `"` and `\`;
/// elsewhere a backslash takes it from any character. Nothing is expanded, and an operator such as
/// `||` is a word like any other.
enum ShellWords {
  /// Why a text has no words.
  enum QuotingError: Error {
    case unclosedQuote, backslashAtEnd

    var words: String {
      switch self {
      case .unclosedQuote: "a quote is not closed"
      case .backslashAtEnd: "a backslash ends it"
      }
    }
  }

  /// Parts a text into its words.
  static func split(_ text: [UInt8]) throws(QuotingError) -> [[UInt8]] {
    var words: [[UInt8]] = []
    // A word that has begun; quotes alone begin an empty one.
    var word: [UInt8]?
    var rest = text[...]
    while let byte = rest.popFirst() {
      switch byte {
      case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\n"):
        if let word { words.append(word) }
        word = nil
      case UInt8(ascii: "'"), UInt8(ascii: "\""):
        word = (word ?? []) + (try quoted(by: byte, &rest))
      case UInt8(ascii: "\\"):
        guard let escaped = rest.popFirst() else { throw .backslashAtEnd }
        word = (word ?? []) + [escaped]
      case _: word = (word ?? []) + [byte]
      }
    }
    if let word { words.append(word) }
    return words
  }

  /// The rest of a quoted part, of which the first quote has been read.
  private static func quoted(
    by quote: UInt8, _ rest: inout ArraySlice<UInt8>
  ) throws(QuotingError) -> [UInt8] {
    var part: [UInt8] = []
    while let byte = rest.popFirst() {
      if byte == quote { return part }
      if byte == UInt8(ascii: "\\"), quote == UInt8(ascii: "\""),
        let next = rest.first, next == quote || next == byte
      {
        part.append(next)
        rest.removeFirst()
      } else {
        part.append(byte)
      }
    }
    throw .unclosedQuote
  }
}
