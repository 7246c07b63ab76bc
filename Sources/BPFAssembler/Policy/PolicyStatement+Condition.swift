/// Conditions: `or` binds least, then `and`, then `not`.
extension PolicyStatement {
  /// Deeper nesting is a mistake or an attack on the stack.
  private static let deepestNesting = 32

  /// Reads what follows `if`.
  ///
  /// - Parameter calls: The calls of the rule, all of which must have the arguments named.
  /// - Returns: The condition.
  /// - Throws: The first mistake.
  mutating func parseCondition(for calls: [Syscall]) throws(PolicyDiagnostic) -> Policy.Condition {
    try disjunction(calls, depth: 0)
  }

  private mutating func disjunction(
    _ calls: [Syscall], depth: Int
  ) throws(PolicyDiagnostic) -> Policy.Condition {
    let first = try conjunction(calls, depth: depth)
    var parts = [first]
    while take("or") { parts.append(try conjunction(calls, depth: depth)) }
    return parts.count == 1 ? first : .any(parts)
  }

  private mutating func conjunction(
    _ calls: [Syscall], depth: Int
  ) throws(PolicyDiagnostic) -> Policy.Condition {
    let first = try negation(calls, depth: depth)
    var parts = [first]
    while take("and") { parts.append(try negation(calls, depth: depth)) }
    return parts.count == 1 ? first : .all(parts)
  }

  private mutating func negation(
    _ calls: [Syscall], depth: Int
  ) throws(PolicyDiagnostic) -> Policy.Condition {
    let opening = span
    guard depth < Self.deepestNesting else {
      throw error(opening, "conditions nest at most \(Self.deepestNesting) deep")
    }
    if take("not") { return .not(try negation(calls, depth: depth + 1)) }
    guard take(.openParenthesis) else { return .comparison(try comparison(calls)) }
    let inner = try disjunction(calls, depth: depth + 1)
    guard take(.closeParenthesis) else {
      throw error(
        span, advice(behind: previous) ?? "expected ')', 'and' or 'or', found \(current)")
    }
    return inner
  }

  private mutating func comparison(_ calls: [Syscall]) throws(PolicyDiagnostic) -> Policy.Comparison
  {
    let start = span
    if let advice = adviceForArgument(calls) { throw error(start, advice) }
    if case .word(let word) = current.kind, ["or", "and", "in"].contains(word) {
      throw error(start, "an argument stands before and behind '\(word)'")
    }
    let name = try word(expecting: "an argument: \(Self.argumentNames(of: calls))")
    let argument = Self.positional(name) ?? .named(name)
    let kind = kind(of: argument, spelled: name, at: start, calls)
    var mask: Policy.Value?
    if take(.mask) { mask = try bits(fitting: kind) }
    let operation = span
    let relation = try relation(of: name, fitting: kind, mask: mask)
    if kind == .pointer, mask != nil || !relation.comparesWithNull {
      throw error(
        start.lowerBound..<operation.upperBound,
        "'\(name)' is a pointer: what it points to cannot be seen, so it compares with NULL only")
    }
    comparisonSpans.append(start.lowerBound..<previous.span.upperBound)
    return Policy.Comparison(argument, mask: mask, relation)
  }

  /// `arg0` to `arg5`, with `:32` for the low word.
  private static func positional(_ name: String) -> Policy.Argument? {
    let bytes = Array(name.utf8)
    guard bytes.count >= 4, bytes[0..<3].elementsEqual("arg".utf8),
      (UInt8(ascii: "0")...UInt8(ascii: "5")).contains(bytes[3])
    else { return nil }
    let index = Int(bytes[3] - UInt8(ascii: "0"))
    if bytes.count == 4 { return .whole(index) }
    return bytes[4...].elementsEqual(":32".utf8) ? .lowWord(index) : nil
  }

  /// How the kernel takes an argument; a note, where a call has none of that name.
  private mutating func kind(
    of argument: Policy.Argument, spelled name: String, at span: Range<Int>, _ calls: [Syscall]
  ) -> Prototype.Parameter.Kind {
    guard case .named = argument else {
      if case .lowWord = argument { return .int }
      return .long
    }
    var kind: Prototype.Parameter.Kind?
    for call in calls {
      // A 32-bit ABI may lack the parameter, and may not be compiled at all: the compiler says so.
      for architecture in Architecture.natives where call.number(on: architecture) != nil {
        let prototype = call.prototype(on: architecture)
        guard let found = prototype?.parameter(named: name)?.kind else {
          let names = prototype?.parameters.map { $0.name } ?? []
          let known =
            names.isEmpty
            ? "use arg0 to arg5" : "it has \(names.joined(separator: ", "))"
          note(
            span,
            Self.advice(forArgument: name, of: call, names)
              ?? "\(call.name) has no argument named '\(name)' on \(architecture); \(known)"
              + suggestion(for: name, among: names))
          return .long
        }
        if let kind, kind != found {
          note(
            span, "'\(name)' is not of the same kind in all of these calls; write several rules")
          return .long
        }
        kind = found
      }
    }
    return kind ?? .long
  }

  private static func argumentNames(of calls: [Syscall]) -> String {
    let parameters = calls.first.flatMap { call in
      Architecture.allCases.lazy.compactMap { call.prototype(on: $0)?.parameters }.first
    }
    let names = parameters?.map { $0.name } ?? []
    return (names + ["arg0 to arg5", "'not' or '('"]).joined(separator: ", ")
  }

  private mutating func relation(
    of argument: String, fitting kind: Prototype.Parameter.Kind, mask: Policy.Value?
  ) throws(PolicyDiagnostic) -> Policy.Comparison.Relation {
    if take("in") { return .member(try members(fitting: kind)) }
    let operation = current
    let expected =
      mask != nil ? "==, !=, <, <=, >, >= or 'in'" : "==, !=, <, <=, >, >=, & or 'in'"
    if let advice = adviceForRelation(of: argument, mask: mask) { throw error(span, advice) }
    guard case .symbol(let symbol) = operation.kind else {
      throw error(span, "expected \(expected), found \(current)")
    }
    switch symbol {
    case .equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual: advance()
    case .comma, .openBrace, .closeBrace, .openParenthesis, .closeParenthesis, .mask, .bits,
      .assign:
      throw error(span, "expected \(expected), found \(current)")
    }
    if symbol == .less, current.kind == .symbol(.greater) {
      throw error(operation.span.lowerBound..<span.upperBound, "'!=' compares")
    }
    var value: Policy.Value
    // Behind a mask of several bits the same is meant; elsewhere it could be 'either of them'.
    if case .bits? = mask {
      value = try bits(fitting: kind)
    } else {
      value = try self.value(fitting: kind)
      if current.kind == .symbol(.bits) {
        throw error(span, adviceForBits(of: argument, behind: value, symbol))
      }
    }
    return switch symbol {
    case .notEqual: .notEqual(value)
    case .less: .less(value)
    case .lessOrEqual: .lessOrEqual(value)
    case .greater: .greater(value)
    case .greaterOrEqual: .greaterOrEqual(value)
    case .equal, .comma, .openBrace, .closeBrace, .openParenthesis, .closeParenthesis, .mask,
      .bits, .assign:
      .equal(value)
    }
  }

  private mutating func members(
    fitting kind: Prototype.Parameter.Kind
  ) throws(PolicyDiagnostic) -> [Policy.Value] {
    if case .word(let name) = current.kind, names.values(of: name) != nil {
      return try member(fitting: kind)
    }
    guard take(.openBrace) else {
      if case .word(let name) = current.kind, NamedConstant(named: name) == nil, name != "in" {
        throw error(
          span,
          "no set of values is called '\(name)'"
            + suggestion(for: name, among: names.all(ofCalls: false)))
      }
      let example = isAtEnd ? "" : "; a set stands in braces: in { AF_INET, AF_INET6 }"
      throw error(span, "expected '{', found \(current)\(example)")
    }
    var values: [Policy.Value] = []
    repeat { values += try member(fitting: kind) } while take(.comma)
    guard take(.closeBrace) else {
      let isJoined = [.symbol(.bits), .word("or"), .word("and")].contains(current.kind)
      throw error(
        span,
        isJoined
          ? "the values of a set are separated by commas" : "expected ',' or '}', found \(current)")
    }
    return values
  }

  /// A value of a set, or all of a set that has a name.
  mutating func member(fitting kind: Prototype.Parameter.Kind) throws(PolicyDiagnostic)
    -> [Policy.Value]
  {
    guard case .word(let name) = current.kind, let values = names.values(of: name) else {
      return [try value(fitting: kind)]
    }
    if kind == .int, values.contains(where: { $0.isTooWideForWord }) {
      throw error(span, "the kernel takes 32 bits here, and this set has a number with more")
    }
    guard names.take(values.count) else {
      throw error(span, "the sets of this policy say too much")
    }
    advance()
    return values
  }

  /// A value, or several joined by `|`, perhaps in parentheses.
  mutating func bits(fitting kind: Prototype.Parameter.Kind) throws(PolicyDiagnostic)
    -> Policy.Value
  {
    let isOpen = take(.openParenthesis)
    let first = try value(fitting: kind)
    var values = [first]
    while take(.bits) { values.append(try value(fitting: kind)) }
    if isOpen, !take(.closeParenthesis) {
      throw error(span, "expected '|' or ')', found \(current)")
    }
    return values.count == 1 ? first : .bits(values)
  }

  private mutating func value(fitting kind: Prototype.Parameter.Kind) throws(PolicyDiagnostic)
    -> Policy.Value
  {
    let token = current
    let value: Policy.Value
    switch token.kind {
    case .number(let number):
      value = .number(number)
    case .word(let name):
      guard let constant = NamedConstant(named: name) else {
        value = .number(0)
        guard notesMore else { break }
        note(
          span,
          advice(forConstant: name) ?? "no constant is called '\(name)'"
            + suggestion(for: name, among: NamedConstant.all.map { $0.name }))
        break
      }
      value = .constant(constant)
    case .negative(let magnitude):
      value = .negative(magnitude)
      let most: UInt64 = kind == .int ? 1 << 31 : 1 << 63
      if magnitude > most { throw error(span, "no number of so many bits is so far below zero") }
    case .symbol, .text, .end:
      throw error(
        span,
        adviceForValue() ?? "expected a number or a constant such as AF_INET, found \(token)")
    }
    if kind == .int, value.isTooWideForWord {
      throw error(span, "the kernel takes 32 bits here, and this number has more")
    }
    advance()
    return value
  }
}

extension Policy.Value {
  fileprivate var isTooWideForWord: Bool {
    Architecture.allCases.contains { number(on: $0, isWord: true) > UInt32.max }
  }
}

extension Policy.Comparison.Relation {
  fileprivate var comparesWithNull: Bool {
    switch self {
    case .equal(let value), .notEqual(let value): value.number(on: .x86_64, isWord: false) == 0
    case .less, .lessOrEqual, .greater, .greaterOrEqual, .member: false
    }
  }
}
