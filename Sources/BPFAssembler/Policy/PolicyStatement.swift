/// A cursor over the tokens of one line, and the statements it can read.
struct PolicyStatement {
  let line: PolicyLine
  private let tokens: [PolicyToken]
  private var index = 0

  init(_ line: PolicyLine, _ tokens: [PolicyToken]) {
    self.line = line
    self.tokens = tokens
  }

  var current: PolicyToken { tokens[index] }
  var span: Range<Int> { current.span }
  var isAtEnd: Bool { current.kind == .end }

  // The last token is `.end` and is never stepped over, so `index` stays valid.
  mutating func advance() {
    if !isAtEnd { index += 1 }
  }

  func error(_ span: Range<Int>, _ message: String) -> PolicyDiagnostic {
    line.diagnostic(.error, span, message)
  }

  mutating func take(_ word: String) -> Bool {
    guard current.kind == .word(word) else { return false }
    advance()
    return true
  }

  mutating func take(_ symbol: PolicyToken.Symbol) -> Bool {
    guard current.kind == .symbol(symbol) else { return false }
    advance()
    return true
  }

  mutating func word(
    expecting what: @autoclosure () -> String
  ) throws(PolicyDiagnostic) -> String {
    guard case .word(let word) = current.kind else {
      throw error(span, "expected \(what()), found \(current)")
    }
    advance()
    return word
  }

  func end() throws(PolicyDiagnostic) {
    guard isAtEnd else { throw error(span, "expected the end of the line, found \(current)") }
  }

  func refuseRepetition(
    of name: String, at span: Range<Int>, _ isRepeated: Bool
  ) throws(PolicyDiagnostic) {
    if isRepeated { throw error(span, "'\(name)' is said twice; one of the lines must go") }
  }
}

extension PolicyStatement {
  private static let verbs = ["allow", "deny", "kill", "log"]
  private static let starts =
    verbs + ["default", "foreign", "x32", "unknown", "layers", "network"]

  /// `allow`, `deny [with ERRNO]`, `kill` or `log`.
  mutating func verdict() throws(PolicyDiagnostic) -> Verdict {
    let span = span
    switch try word(expecting: "a verdict: allow, deny, kill or log") {
    case "allow": return .allow
    case "deny": return .deny(try errno())
    case "kill": return .kill
    case "log": return .log
    case let word:
      throw error(span, "'\(word)' is no verdict; expected allow, deny, kill or log")
    }
  }

  /// Words that mean something to the program that uses the policy, separated by commas.
  mutating func words(
    expecting what: String
  ) throws(PolicyDiagnostic) -> [PolicyWord] {
    var words: [PolicyWord] = []
    repeat {
      let span = span
      let text = try word(expecting: what)
      if words.contains(where: { $0.text == text }) {
        throw error(span, "'\(text)' is said twice; one of them must go")
      }
      words.append(PolicyWord(text: text, line: line, span: span))
    } while take(.comma)
    return words
  }

  /// What follows a rule's verb: calls, a condition and an errno.
  mutating func rule(
    verb: String, at span: Range<Int>, _ place: Policy.Place
  ) throws(PolicyDiagnostic) -> LocatedRule {
    guard Self.verbs.contains(verb) else {
      throw error(
        span,
        "'\(verb)' begins no statement; expected \(Self.starts.joined(separator: ", "))"
          + suggestion(for: verb, among: Self.starts))
    }
    let (calls, callSpans) = try self.calls()
    var number = verb == "deny" ? try errno() : nil
    var condition: Policy.Condition?
    if take("if") {
      condition = try parseCondition(for: calls)
    } else if take("unless") {
      condition = .not(try parseCondition(for: calls))
    }
    if verb == "deny", number == nil { number = try errno() }
    let verdict: Verdict =
      switch verb {
      case "allow": .allow
      case "kill": .kill
      case "log": .log
      case _: .deny(number)
      }
    return LocatedRule(
      rule: Policy.Rule(verdict, calls, if: condition, at: place), line: line, callSpans: callSpans)
  }

  private mutating func errno() throws(PolicyDiagnostic) -> Errno? {
    guard take("with") else { return nil }
    let span = span
    let token = current
    advance()
    switch token.kind {
    case .number(let number):
      if let errno = Errno(number: number) { return errno }
      throw error(span, "an errno is a number from 1 to 4095")
    case .word(let name):
      if let errno = Errno(named: name) { return errno }
      throw error(
        span, "no errno is called '\(name)'" + suggestion(for: name, among: Errno.allNames))
    case .symbol, .end:
      throw error(span, "expected an errno such as EACCES, found \(token)")
    }
  }

  private mutating func calls() throws(PolicyDiagnostic) -> ([Syscall], [Range<Int>]) {
    var calls: [Syscall] = []
    var spans: [Range<Int>] = []
    repeat {
      let span = span
      let name = try word(expecting: "the name of a system call or an @group")
      for call in try self.calls(named: name, at: span) where !calls.contains(call) {
        calls.append(call)
        spans.append(span)
      }
    } while take(.comma)
    return (calls, spans)
  }

  private func calls(
    named name: String, at span: Range<Int>
  ) throws(PolicyDiagnostic) -> [Syscall] {
    if name.utf8.first == UInt8(ascii: "@") {
      if let group = SyscallGroup(named: name) { return group.calls }
      let names = SyscallGroup.allCases.map { $0.name }
      throw error(span, "no group is called '\(name)'" + suggestion(for: name, among: names))
    }
    if let call = Syscall(named: name) { return [call] }
    throw error(
      span,
      "no architecture has a call named '\(name)'"
        + suggestion(for: name, among: Syscall.all.map { $0.name }))
  }

  func suggestion(for name: String, among names: [String]) -> String {
    nearestName(to: name.utf8, among: names).map { "; did you mean '\($0)'?" } ?? ""
  }
}
