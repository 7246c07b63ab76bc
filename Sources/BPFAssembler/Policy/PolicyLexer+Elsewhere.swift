/// What people bring from C, shells, other filters' languages and word processors: each is told what
/// to write here.
extension PolicyLexer {
  /// Why a character begins no token, and what to write in its place.
  ///
  /// - Parameter tokens: The tokens before it.
  /// - Returns: The error, with its place.
  func elsewhere(after tokens: [PolicyToken]) -> PolicyDiagnostic {
    let (length, message) = advice(after: tokens)
    let end = Swift.min(position + length, line.bytes.endIndex)
    return line.diagnostic(.error, position..<end, message)
  }

  private func advice(after tokens: [PolicyToken]) -> (length: Int, message: String) {
    guard let first = peek() else { return (1, "") }
    if tokens.first?.kind == .word("include") {
      return (1, "a file's name stands in quotation marks: include \"common.policy\"")
    }
    if first >= 0x80 { return unusual() }
    let isCondition = tokens.contains { $0.kind == .word("if") || $0.kind == .word("unless") }
    func isFollowed(by byte: Unicode.Scalar) -> Bool { peek(1) == UInt8(ascii: byte) }
    let arithmetic = "there is no arithmetic; write the number, such as 0x8 for 1 << 3"
    switch first {
    case UInt8(ascii: "&"): return (2, "'and' joins two conditions, and '&' is a mask")
    case UInt8(ascii: "|"):
      return (2, "'or' joins two conditions, and '|' joins the bits of a mask")
    case UInt8(ascii: "!"):
      return (1, "'not' turns a condition round, 'unless' a whole one, and '!=' compares")
    case UInt8(ascii: "="): return equalSign(after: tokens, isCondition)
    case UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "`"): return quoted(by: first)
    case UInt8(ascii: "["), UInt8(ascii: "]"): return bracket(after: tokens, isCondition)
    case UInt8(ascii: "*") where !isCondition:
      return (
        1,
        "there are no patterns; name each call or a group such as @network, and for all that no rule names write the line 'default VERDICT'"
      )
    case UInt8(ascii: "-") where isFollowed(by: "-") && !isCondition,
      UInt8(ascii: "/") where isFollowed(by: "/") || isFollowed(by: "*"):
      return (2, "a comment begins with '#'")
    case UInt8(ascii: "/"):
      return (
        1,
        isCondition
          ? arithmetic
          : "no filter sees paths: they lie behind pointers; a rule has calls and a condition on numbers"
      )
    case UInt8(ascii: "-") where tokens.last?.kind == .word("with"):
      return (1, "an errno has no sign here: write 'with EPERM'")
    case UInt8(ascii: "-") where isFollowed(by: ">"):
      return (2, "a rule is 'VERB CALLS if CONDITION'; nothing points")
    case UInt8(ascii: "-") where !isCondition:
      return (
        1,
        "no call has a '-' in its name, and there are no lists by '-'; begin a line with allow, deny, kill or log"
      )
    case UInt8(ascii: "~"):
      return (
        1,
        "there is no complement; write the mask as a number, such as 0xfffffff0 for ~0xf of an int"
      )
    case UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "%"),
      UInt8(ascii: "^"):
      return (1, arithmetic)
    case UInt8(ascii: ";"): return (1, "each statement has a line of its own, and nothing ends it")
    case UInt8(ascii: ":"):
      return (1, "':' stands in 'arg0:32' alone; a rule is 'VERB CALLS if CONDITION'")
    case UInt8(ascii: "."):
      return (1, "numbers have no point, and no filter sees addresses: they lie behind pointers")
    case UInt8(ascii: "\\"):
      return (1, "a rule stands on one line, which may be as long as it needs to be")
    case UInt8(ascii: "$"): return (1, "there are no variables; a register is called arg0 to arg5")
    case UInt8(ascii: "?"):
      return (1, "there is no '?'; a condition follows 'if' or 'unless' behind the calls")
    case _: return (1, "a name begins with a letter, '_' or '@'")
    }
  }

  private func equalSign(
    after tokens: [PolicyToken], _ isCondition: Bool
  ) -> (Int, String) {
    if !isCondition {
      return (1, "settings have no '='; write 'default allow', and conditions behind 'if'")
    }
    switch peek(1) {
    case UInt8(ascii: ">"): return (2, "'greater or equal' is '>='")
    case UInt8(ascii: "<"): return (2, "'less or equal' is '<='")
    case _: return (1, "'==' compares")
    }
  }

  private func quoted(by quote: UInt8) -> (Int, String) {
    var length = 1
    while let byte = peek(length), byte != quote { length += 1 }
    let text = line.bytes[(position + 1)..<(position + length)]
    if peek(length) != nil { length += 1 }
    if Self.isName(text) {
      return (
        length, "names stand without quotes: \(String(decoding: text, as: UTF8.self))"
      )
    }
    return (
      length,
      "a filter compares numbers; texts, paths and addresses lie behind pointers, where no filter sees them"
    )
  }

  /// Whether something is called so.
  private static func isName(_ text: ArraySlice<UInt8>) -> Bool {
    let name = String(decoding: text, as: UTF8.self)
    return Syscall(named: name) != nil || SyscallSet.calls(named: name) != nil
      || NamedConstant(named: name) != nil || Errno(named: name) != nil
      || PolicyStatement.starts.contains(name)
  }

  private func bracket(
    after tokens: [PolicyToken], _ isCondition: Bool
  ) -> (Int, String) {
    if !isCondition { return (1, "calls are listed by commas alone: deny socket, connect") }
    if case .word(let word)? = tokens.last?.kind, word != "in", word != "if", word != "unless" {
      return (1, "registers are called arg0 to arg5, without brackets")
    }
    return (1, "a set stands in braces: in { AF_INET, AF_INET6 }")
  }
}

/// Characters beyond ASCII, of which nothing in a policy but a comment is made.
extension PolicyLexer {
  private func unusual() -> (Int, String) {
    var rest = line.bytes[position...].makeIterator()
    var decoder = UTF8()
    guard case .scalarValue(let scalar) = decoder.decode(&rest) else {
      return (1, "this is no UTF-8, of which a policy is made")
    }
    let length = UTF8.width(scalar)
    let name = "U+" + String(scalar.value, radix: 16, uppercase: true).leftPadded(to: 4)
    switch scalar.value {
    case 0x00a0, 0x2000...0x200a, 0x202f, 0x205f, 0x3000:
      return (length, "\(name) is an unusual space; write a plain one")
    case 0x200b...0x200f, 0x2028...0x202e, 0x2060, 0xfeff:
      return (length, "\(name) is an invisible character; take it out")
    case 0x2018...0x201f, 0xab, 0xbb:
      return (length, "\(name) is a quotation mark; names stand without quotes")
    case 0x2010...0x2015, 0x2212: return (length, "\(name) is no '-' that programs read; write -1")
    case 0x2260: return (length, "\(name) is written '!='")
    case 0x2264: return (length, "\(name) is written '<='")
    case 0x2265: return (length, "\(name) is written '>='")
    case 0x2227: return (length, "\(name) is written 'and'")
    case 0x2228: return (length, "\(name) is written 'or'")
    case 0xac: return (length, "\(name) is written 'not'")
    case 0x2208: return (length, "\(name) is written 'in'")
    case _: return (length, "\(name) is not of ASCII, of which all names are made")
    }
  }
}

extension String {
  fileprivate func leftPadded(to width: Int) -> String {
    String(repeating: "0", count: Swift.max(0, width - utf8.count)) + self
  }
}
