/// Reads assembler text by the grammar of tools/bpf/bpf_exp.y of Linux, without what seccomp
/// refuses (packet loads, MOD, `ret x`).
///
/// A jump may name a label that comes later, so the parser first collects instructions with
/// names in them and then replaces the names.
struct TextParser {
  private var lexer: TextLexer
  private(set) var token: TextToken = .end
  private(set) var place = TextError.Place()
  private var drafts: [(draft: Draft, place: TextError.Place)] = []
  private var labels: [String: Int] = [:]

  /// The instructions of a text and where each was written.
  struct Source {
    var instructions: [Instruction] = []
    var places: [TextError.Place] = []
    var end = TextError.Place()
  }

  struct Label {
    let name: String
    let place: TextError.Place
  }

  enum Draft {
    case finished(Instruction)
    case jump(Label)
    // A missing label goes on with the next instruction.
    case branch(Instruction.Test, Instruction.Operand, ifTrue: Label?, ifFalse: Label?)
  }

  /// Reads a whole text.
  ///
  /// - Parameter text: The source.
  /// - Returns: Its instructions, labels resolved, not verified.
  /// - Throws: `TextError` for the first mistake.
  static func parse(_ text: [UInt8]) throws(TextError) -> Source {
    var parser = TextParser(lexer: TextLexer(text))
    try parser.advance()
    while parser.token != .end { try parser.line() }
    return try parser.resolve()
  }

  private init(lexer: TextLexer) { self.lexer = lexer }

  // line: [label ':'] instruction
  private mutating func line() throws(TextError) {
    guard case .word(let name) = token else { throw expected("an instruction or a label") }
    var start = place
    var word = name
    try advance()
    if sees(":") {
      guard !Mnemonic.isReserved(name) else {
        throw TextError(start, "'\(name)' means something else and cannot be a label")
      }
      guard labels.updateValue(drafts.count, forKey: name) == nil else {
        throw TextError(start, "the label '\(name)' is already taken")
      }
      try advance()
      guard case .word(let next) = token else { throw expected("an instruction after the label") }
      start = place
      word = next
      try advance()
    }
    guard let mnemonic = Mnemonic(word) else {
      throw TextError(start, "expected an instruction, found '\(word)'")
    }
    drafts.append((try draft(of: mnemonic, at: start), start))
  }

  private mutating func draft(
    of mnemonic: Mnemonic, at start: TextError.Place
  ) throws(TextError) -> Draft {
    switch mnemonic {
    case .ld: return .finished(.load(try source()))
    case .ldi: return .finished(.load(.immediate(try immediate())))
    case .ldx: return .finished(.loadIndex(try indexSource()))
    case .ldxi: return .finished(.loadIndex(.immediate(try immediate())))
    case .st: return .finished(.store(try slot()))
    case .stx: return .finished(.storeIndex(try slot()))
    case .jmp, .ja: return .jump(try label())
    case .jeq: return try branch(.equal)
    case .jgt: return try branch(.greater)
    case .jge: return try branch(.greaterOrEqual)
    case .jset: return try branch(.bitsSet)
    case .jne, .jneq: return try inverseBranch(.equal)
    case .jlt: return try inverseBranch(.greaterOrEqual)
    case .jle: return try inverseBranch(.greater)
    case .add: return .finished(.arithmetic(.add, try operand()))
    case .sub: return .finished(.arithmetic(.subtract, try operand()))
    case .mul: return .finished(.arithmetic(.multiply, try operand()))
    case .div: return .finished(.arithmetic(.divide, try operand()))
    case .and: return .finished(.arithmetic(.and, try operand()))
    case .or: return .finished(.arithmetic(.or, try operand()))
    case .xor: return .finished(.arithmetic(.xor, try operand()))
    case .lsh: return .finished(.arithmetic(.shiftLeft, try operand()))
    case .rsh: return .finished(.arithmetic(.shiftRight, try operand()))
    case .neg: return .finished(.negate)
    case .tax: return .finished(.copyToIndex)
    case .txa: return .finished(.copyFromIndex)
    case .ret: return .finished(.return(try result()))
    case .ldb, .ldh, .ldxb, .mod:
      throw TextError(start, "seccomp refuses '\(mnemonic.rawValue)'")
    }
  }
}

extension TextParser {
  private mutating func resolve() throws(TextError) -> Source {
    var source = Source()
    source.end = place
    for (index, item) in drafts.enumerated() {
      source.instructions.append(try resolve(item.draft, at: index))
      source.places.append(item.place)
    }
    return source
  }

  private func resolve(_ draft: Draft, at index: Int) throws(TextError) -> Instruction {
    switch draft {
    case .finished(let instruction):
      return instruction
    case .jump(let label):
      // Memory ends long before a text has 2^32 instructions.
      return .jump(UInt32(truncatingIfNeeded: try distance(to: label, from: index)))
    case .branch(let test, let operand, let ifTrue, let ifFalse):
      return .branch(
        test, operand,
        ifTrue: try shortDistance(to: ifTrue, from: index),
        ifFalse: try shortDistance(to: ifFalse, from: index))
    }
  }

  private func distance(to label: Label, from index: Int) throws(TextError) -> Int {
    guard let target = labels[label.name] else {
      throw TextError(label.place, "there is no label '\(label.name)'")
    }
    guard target > index else {
      throw TextError(label.place, "'\(label.name)' is not further down; jumps only go forward")
    }
    return target - index - 1
  }

  private func shortDistance(to label: Label?, from index: Int) throws(TextError) -> UInt8 {
    guard let label else { return 0 }
    let distance = try distance(to: label, from: index)
    guard let short = UInt8(exactly: distance) else {
      throw TextError(
        label.place,
        "'\(label.name)' is \(distance) instructions away; a branch skips at most 255, use jmp")
    }
    return short
  }
}

extension TextParser {
  /// Whether the next token is this symbol or register.
  func sees(_ symbol: Unicode.Scalar) -> Bool { token == .symbol(ascii(symbol)) }

  /// Passes this symbol, which must be the next token.
  mutating func expect(_ symbol: Unicode.Scalar) throws(TextError) {
    guard sees(symbol) else { throw expected("'\(Character(symbol))'") }
    try advance()
  }

  /// Passes the next token, whatever it is.
  mutating func advance() throws(TextError) {
    (token, place) = try lexer.next()
  }

  /// Makes the error for a next token that cannot be there.
  func expected(_ what: String) -> TextError {
    TextError(place, "expected \(what), found \(token.description)")
  }
}
