extension Policy {
  /// The text of a policy in the one form that all are printed in; it means the same.
  ///
  /// Words stand apart by one space, an errno behind the condition, and calls without the prefix of their
  /// number's name. Comments keep their line, and of several empty lines one is left.
  ///
  /// - Parameter text: The bytes of a policy; files that it includes stay as they are.
  /// - Returns: The bytes of the same policy, which ends with LF.
  /// - Throws: The first line that cannot be cut into words.
  public static func formatted(_ text: [UInt8]) throws(PolicyError) -> [UInt8] {
    var result: [UInt8] = []
    var isBehindEmptyLine = false
    for line in PolicyParser.lines(of: text) {
      let layout: [UInt8]
      do throws(PolicyDiagnostic) {
        layout = try PolicyLayout(line).text
      } catch {
        throw PolicyError(diagnostics: [error])
      }
      if layout.isEmpty {
        isBehindEmptyLine = !result.isEmpty
        continue
      }
      if isBehindEmptyLine { result.append(UInt8(ascii: "\n")) }
      isBehindEmptyLine = false
      result += layout + [UInt8(ascii: "\n")]
    }
    return result
  }
}

/// One line in its canonical form.
struct PolicyLayout {
  private let line: PolicyLine
  private var tokens: [PolicyToken]
  private let comment: ArraySlice<UInt8>

  init(_ line: PolicyLine) throws(PolicyDiagnostic) {
    self.line = line
    tokens = try PolicyLexer.tokens(of: line)
    let end = tokens.removeLast().span.lowerBound
    comment = line.bytes[end...]
    moveErrno()
  }

  /// `deny CALLS with ERRNO if CONDITION` says it in the other order.
  private mutating func moveErrno() {
    guard tokens.first?.kind == .word("deny"),
      let start = tokens.firstIndex(where: { $0.kind == .word("with") }), start + 2 < tokens.count
    else { return }
    let errno = Array(tokens[start..<start + 2])
    tokens.removeSubrange(start..<start + 2)
    tokens += errno
  }

  /// The line without its end; empty where nothing stands on it.
  var text: [UInt8] {
    var text: [UInt8] = []
    var isCondition = false
    for (index, token) in tokens.enumerated() {
      if index > 0, Self.isApart(tokens[index - 1], token) { text.append(UInt8(ascii: " ")) }
      if token.kind == .word("if") || token.kind == .word("unless") { isCondition = true }
      text += word(token, mayBeCall: index > 0 && !isCondition)
    }
    var rest = comment
    while let last = rest.last, last == UInt8(ascii: " ") || last == UInt8(ascii: "\t") {
      rest.removeLast()
    }
    if rest.isEmpty { return text }
    return text + (text.isEmpty ? [] : Array("  ".utf8)) + rest
  }

  /// The token as it was written, but for `SYS_connect`, which is `connect`.
  private func word(_ token: PolicyToken, mayBeCall: Bool) -> ArraySlice<UInt8> {
    let bytes = line.bytes[token.span]
    guard mayBeCall, let verb = tokens.first, case .word(let name) = verb.kind,
      PolicyStatement.verbs.contains(name)
    else { return bytes }
    for prefix in ["SYS_", "__NR_"] where bytes.starts(with: prefix.utf8) {
      let call = bytes.dropFirst(prefix.utf8.count)
      if Syscall(named: call) != nil { return call }
    }
    return bytes
  }

  private static func isApart(_ first: PolicyToken, _ second: PolicyToken) -> Bool {
    switch (first.kind, second.kind) {
    case (_, .symbol(.comma)), (_, .symbol(.closeParenthesis)), (.symbol(.openParenthesis), _):
      false
    case _: true
    }
  }
}
