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
      throw error(span, "expected ')', 'and' or 'or', found \(current)")
    }
    return inner
  }

  private mutating func comparison(_ calls: [Syscall]) throws(PolicyDiagnostic) -> Policy.Comparison
  {
    let start = span
    let name = try word(expecting: "an argument: \(Self.argumentNames(of: calls))")
    let argument = Self.positional(name) ?? .named(name)
    let kind = try kind(of: argument, spelled: name, at: start, calls)
    var mask: Policy.Value?
    if take(.mask) { mask = try value(fitting: kind) }
    let operation = span
    let relation = try relation(fitting: kind, isMasked: mask != nil)
    if kind == .pointer, mask != nil || !relation.comparesWithNull {
      throw error(
        start.lowerBound..<operation.upperBound,
        "'\(name)' is a pointer: what it points to cannot be seen, so it compares with NULL only")
    }
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

  private func kind(
    of argument: Policy.Argument, spelled name: String, at span: Range<Int>, _ calls: [Syscall]
  ) throws(PolicyDiagnostic) -> Prototype.Parameter.Kind {
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
          throw error(
            span,
            "\(call.name) has no argument named '\(name)' on \(architecture); \(known)"
              + suggestion(for: name, among: names))
        }
        if let kind, kind != found {
          throw error(
            span, "'\(name)' is not of the same kind in all of these calls; write several rules")
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
    fitting kind: Prototype.Parameter.Kind, isMasked: Bool
  ) throws(PolicyDiagnostic) -> Policy.Comparison.Relation {
    if take("in") { return .member(try members(fitting: kind)) }
    let operation = current
    let expected = isMasked ? "==, !=, <, <=, >, >= or 'in'" : "==, !=, <, <=, >, >=, & or 'in'"
    guard case .symbol(let symbol) = operation.kind else {
      throw error(span, "expected \(expected), found \(current)")
    }
    switch symbol {
    case .equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual: advance()
    case .comma, .openBrace, .closeBrace, .openParenthesis, .closeParenthesis, .mask:
      throw error(span, "expected \(expected), found \(current)")
    }
    let value = try value(fitting: kind)
    return switch symbol {
    case .notEqual: .notEqual(value)
    case .less: .less(value)
    case .lessOrEqual: .lessOrEqual(value)
    case .greater: .greater(value)
    case .greaterOrEqual: .greaterOrEqual(value)
    case .equal, .comma, .openBrace, .closeBrace, .openParenthesis, .closeParenthesis, .mask:
      .equal(value)
    }
  }

  private mutating func members(
    fitting kind: Prototype.Parameter.Kind
  ) throws(PolicyDiagnostic) -> [Policy.Value] {
    guard take(.openBrace) else { throw error(span, "expected '{', found \(current)") }
    var values: [Policy.Value] = []
    repeat { values.append(try value(fitting: kind)) } while take(.comma)
    guard take(.closeBrace) else { throw error(span, "expected ',' or '}', found \(current)") }
    return values
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
        throw error(
          span,
          "no constant is called '\(name)'"
            + suggestion(for: name, among: NamedConstant.all.map { $0.name }))
      }
      value = .constant(constant)
    case .symbol, .end:
      throw error(span, "expected a number or a constant such as AF_INET, found \(token)")
    }
    let isTooWide = Architecture.allCases.contains {
      value.number(on: $0, isWord: true) > UInt32.max
    }
    if kind == .int, isTooWide {
      throw error(span, "the kernel takes 32 bits here, and this number has more")
    }
    advance()
    return value
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
