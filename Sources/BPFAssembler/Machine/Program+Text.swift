extension Program {
  /// The program as source text that `bpf_asm` turns into the same instructions.
  ///
  /// One instruction a line; only lines that are jumped to have a label.
  public var text: String {
    var isTarget = [Bool](repeating: false, count: instructions.count)
    for (index, instruction) in instructions.enumerated() {
      for target in instruction.targets(at: index) { isTarget[target] = true }
    }
    // As wide as the widest label, so that the mnemonics stand in one column.
    let width = "l\(instructions.count - 1): ".utf8.count
    var result = ""
    for (index, instruction) in instructions.enumerated() {
      let label = isTarget[index] ? "l\(index):" : ""
      result += label + String(repeating: " ", count: width - label.utf8.count)
      result += instruction.text(at: index) + "\n"
    }
    return result
  }

  /// Assembles source text in the dialect of `bpf_asm`.
  ///
  /// - Parameter text: The source, in any encoding that contains ASCII.
  /// - Throws: `TextError` where the text, or the program it says, is not valid.
  public init(text: [UInt8]) throws(TextError) {
    let source = try TextParser.parse(text)
    do throws(VerifierError) {
      try self.init(source.instructions)
    } catch {
      // A program that is too short or too long has no line of its own to blame: the end has.
      let places = source.places
      throw TextError(
        error.index < places.count ? places[error.index] : source.end, error.description)
    }
  }
}

/// A mistake in assembler text, and its place.
public struct TextError: Error, Hashable, Sendable, CustomStringConvertible {
  /// A position in a text, both counted from 1 and the column in bytes.
  public struct Place: Hashable, Sendable {
    /// The line.
    public var line = 1
    /// The byte within the line.
    public var column = 1
  }

  /// Where the mistake is.
  public let place: Place

  /// What was expected there, or what is wrong with what is there.
  public let message: String

  init(_ place: Place, _ message: String) {
    self.place = place
    self.message = message
  }

  /// `line:column: message`.
  public var description: String { "\(place.line):\(place.column): \(message)" }
}
