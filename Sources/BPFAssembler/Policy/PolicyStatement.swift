/// A cursor over the tokens of one line, and the statements it can read.
struct PolicyStatement {
  let line: PolicyLine
  private let tokens: [PolicyToken]
  private var index = 0
  /// What earlier lines have given names to, and this one.
  var names: PolicyNames
  /// Names that mean nothing; the rest of the line is read all the same.
  private(set) var problems: [PolicyDiagnostic] = []
  /// Where the comparisons of the condition stand that have been read.
  var comparisonSpans: [Range<Int>] = []

  init(_ line: PolicyLine, _ tokens: [PolicyToken], _ names: PolicyNames = PolicyNames()) {
    self.line = line
    self.names = names
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

  /// Notes a mistake behind which the line can be read on.
  mutating func note(_ span: Range<Int>, _ message: String) {
    if notesMore { problems.append(error(span, message)) }
  }

  /// Whether a further mistake would be told; looking for the nearest name takes a while.
  var notesMore: Bool { problems.count < PolicyParser.mostErrors }

  /// The token behind the current one.
  var next: PolicyToken { tokens[Swift.min(index + 1, tokens.count - 1)] }
  /// The token before the current one; the current one where there is none.
  var previous: PolicyToken { tokens[Swift.max(index - 1, 0)] }

  /// The four tokens before the current one; `nil` where there are fewer.
  var lastFour: ArraySlice<PolicyToken>? {
    index < 4 ? nil : tokens[(index - 4)..<index]
  }

  /// Whether the line is a rule, and not one of the other statements.
  var isRule: Bool {
    if case .word(let word)? = tokens.first?.kind { Self.verbs.contains(word) } else { false }
  }

  /// Whether a condition has begun.
  var hasCondition: Bool {
    tokens[..<index].contains { $0.kind == .word("if") || $0.kind == .word("unless") }
  }

  /// Steps over `( ... )`.
  mutating func skipParentheses() {
    guard take(.openParenthesis) else { return }
    while !isAtEnd, !take(.closeParenthesis) { advance() }
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
    guard isAtEnd else {
      throw error(
        span, advice(behind: previous) ?? "expected the end of the line, found \(current)")
    }
  }

  func refuseRepetition(
    of name: String, at span: Range<Int>, _ isRepeated: Bool
  ) throws(PolicyDiagnostic) {
    if isRepeated { throw error(span, "'\(name)' is said twice; one of the lines must go") }
  }
}

extension PolicyStatement {
  static let verbs = ["allow", "deny", "kill", "log"]
  static let starts =
    verbs + ["default", "foreign", "x32", "unknown", "layers", "network", "let", "include"]

  /// `allow`, `deny [with ERRNO]`, `kill` or `log`.
  mutating func verdict() throws(PolicyDiagnostic) -> Verdict {
    let span = span
    switch try word(expecting: "a verdict: allow, deny, kill or log") {
    case "allow": return .allow
    case "deny": return .deny(try errno())
    case "kill": return .kill
    case "log": return .log
    case let word:
      throw error(
        span,
        Self.advice(forVerdict: word)
          ?? "'\(word)' is no verdict; expected allow, deny, kill or log"
          + suggestion(for: word, among: Self.verbs))
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
        Self.advice(forVerb: verb)
          ?? "'\(verb)' begins no statement; expected \(Self.starts.joined(separator: ", "))"
          + suggestion(for: verb, among: Self.starts))
    }
    var (calls, callSpans) = try self.calls()
    if take("except") { try remove(from: &calls, &callSpans) }
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
      rule: Policy.Rule(verdict, calls, if: condition, at: place), line: line, callSpans: callSpans,
      comparisonSpans: comparisonSpans)
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
      note(
        span,
        advice(forErrno: name)
          ?? "no errno is called '\(name)'" + suggestion(for: name, among: Errno.allNames))
      skipParentheses()
      return nil
    case .negative(let magnitude):
      throw error(
        span, "an errno has no sign here: write 'with \(Self.errno(magnitude) ?? "EPERM")'")
    case .symbol, .text, .end:
      throw error(span, "expected an errno such as EACCES, found \(token)")
    }
  }

  private mutating func calls() throws(PolicyDiagnostic) -> ([Syscall], [Range<Int>]) {
    var calls: [Syscall] = []
    var spans: [Range<Int>] = []
    repeat {
      let span = span
      if let advice = adviceForCall() { throw error(span, advice) }
      let name = try word(expecting: "the name of a system call or an @group")
      for call in self.calls(named: name, at: span) where !calls.contains(call) {
        calls.append(call)
        spans.append(span)
      }
    } while take(.comma)
    return (calls, spans)
  }

  /// Takes away the calls that follow `except`; a name of none of them is a mistake.
  private mutating func remove(
    from calls: inout [Syscall], _ spans: inout [Range<Int>]
  ) throws(PolicyDiagnostic) {
    let behind = previous.span
    repeat {
      let span = span
      let name = try word(expecting: "the name of a system call or an @group")
      let removed = self.calls(named: name, at: span)
      if !removed.isEmpty, !removed.contains(where: { calls.contains($0) }) {
        note(span, "'\(name)' is not among the calls before 'except'")
      }
      let kept = calls.indices.filter { !removed.contains(calls[$0]) }
      spans = kept.map { spans[$0] }
      calls = kept.map { calls[$0] }
    } while take(.comma)
    if calls.isEmpty, problems.isEmpty { throw error(behind, "nothing is left of the calls") }
  }

  /// The calls of a name; none, and a note, where nothing is called so.
  mutating func calls(named name: String, at span: Range<Int>) -> [Syscall] {
    if let calls = SyscallSet.calls(named: name) ?? names.calls(of: name) { return calls }
    if let call = Syscall(named: name) ?? Self.call(byNumberName: name) { return [call] }
    guard notesMore else { return [] }
    if name.utf8.first == UInt8(ascii: "@") {
      let nearest = suggestion(for: name, among: SyscallSet.allNames + names.all(ofCalls: true))
      let groups = SyscallGroup.allCases.map { $0.name }.joined(separator: ", ")
      note(
        span,
        "no group is called '\(name)'"
          + (nearest.isEmpty ? "; there are \(groups), and the sets of systemd" : nearest))
      return []
    }
    if names.values(of: name) != nil {
      note(span, "'\(name)' is a set of values, not of calls")
      return []
    }
    note(
      span,
      Self.advice(forCall: name) ?? "no architecture has a call named '\(name)'"
        + suggestion(for: name, among: Syscall.all.map { $0.name }))
    return []
  }

  /// `SYS_connect` and `__NR_connect`, as the headers name the number of `connect`.
  static func call(byNumberName name: String) -> Syscall? {
    for prefix in ["SYS_", "__NR_"] where name.utf8.starts(with: prefix.utf8) {
      return Syscall(named: String(decoding: name.utf8.dropFirst(prefix.utf8.count), as: UTF8.self))
    }
    return nil
  }

  func suggestion(for name: String, among names: [String]) -> String {
    nearestName(to: name.utf8, among: names).map { "; did you mean '\($0)'?" } ?? ""
  }
}
