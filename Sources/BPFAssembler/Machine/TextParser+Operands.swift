/// The operands that the instructions of the dialect take.
extension TextParser {
  mutating func source() throws(TextError) -> Instruction.Source {
    if sees("[") {
      try advance()
      let start = place
      guard case .number(let offset) = token else {
        throw expected("an offset, 0, 4, ... 60")
      }
      guard let word = SeccompData.Word(offset: offset) else {
        throw TextError(start, Instruction.DecodingError.unreadableOffset(offset).description)
      }
      try advance()
      try expect("]")
      return .data(word)
    }
    switch try indexSource(or: "[offset], ") {
    case .immediate(let value): return .immediate(value)
    case .scratch(let slot): return .scratch(slot)
    case .length: return .length
    }
  }

  mutating func indexSource(
    or others: String = ""
  ) throws(TextError) -> Instruction.IndexSource {
    if token == .length {
      try advance()
      return .length
    }
    if sees("#") { return .immediate(try constant()) }
    guard sees("m") else { throw expected("\(others)#number, M[slot] or #len") }
    return .scratch(try slot())
  }

  mutating func operand() throws(TextError) -> Instruction.Operand {
    if sees("#") { return .constant(try constant()) }
    guard try register("x") else { throw expected("#number or x") }
    return .index
  }

  mutating func result() throws(TextError) -> Instruction.Result {
    if sees("#") { return .constant(try constant()) }
    guard try register("a") else { throw expected("#number or a") }
    return .accumulator
  }

  // ldi and ldxi take their number with or without '#'.
  mutating func immediate() throws(TextError) -> UInt32 {
    if sees("#") { try advance() }
    return try number()
  }

  private mutating func constant() throws(TextError) -> UInt32 {
    try expect("#")
    return try number()
  }

  private mutating func number() throws(TextError) -> UInt32 {
    guard case .number(let value) = token else { throw expected("a number") }
    try advance()
    return value
  }

  mutating func slot() throws(TextError) -> Instruction.Slot {
    guard sees("m") else { throw expected("M[slot]") }
    try advance()
    try expect("[")
    let start = place
    let index = try number()
    guard let slot = Instruction.Slot(Int(index)) else {
      throw TextError(start, Instruction.DecodingError.noSuchSlot(index).description)
    }
    try expect("]")
    return slot
  }

  mutating func branch(_ test: Instruction.Test) throws(TextError) -> Draft {
    let operand = try operand()
    try expect(",")
    let ifTrue = try label()
    guard sees(",") else { return .branch(test, operand, ifTrue: ifTrue, ifFalse: nil) }
    try advance()
    return .branch(test, operand, ifTrue: ifTrue, ifFalse: try label())
  }

  // jne, jlt and jle are the opposite test with its sides exchanged, and have one target only.
  mutating func inverseBranch(_ test: Instruction.Test) throws(TextError) -> Draft {
    let operand = try operand()
    try expect(",")
    return .branch(test, operand, ifTrue: nil, ifFalse: try label())
  }

  mutating func label() throws(TextError) -> Label {
    guard case .word(let name) = token, !Mnemonic.isReserved(name) else {
      throw expected("a label")
    }
    let label = Label(name: name, place: place)
    try advance()
    return label
  }

  // A register is written bare or with '%'.
  private mutating func register(_ name: Unicode.Scalar) throws(TextError) -> Bool {
    let isMarked = sees("%")
    if isMarked { try advance() }
    guard sees(name) else {
      if isMarked { throw expected("'\(Character(name))'") }
      return false
    }
    try advance()
    return true
  }
}
