/// `let NAME = { ... }`: a name for calls or for values.
extension PolicyStatement {
  /// Words that mean something else wherever a name could stand.
  private static let taken = ["if", "unless", "with", "except", "in", "and", "or", "not"] + starts

  /// Reads what follows `let`, and remembers it.
  mutating func definition() throws(PolicyDiagnostic) {
    let place = span
    let spelled = try word(expecting: "a name, as in: let internet = { AF_INET, AF_INET6 }")
    try refuse(spelled, at: place)
    guard take(.assign) else {
      throw error(span, "expected '=', as in: let \(spelled) = { A, B }; found \(current)")
    }
    guard take(.openBrace) else {
      throw error(span, "expected '{', as in: let \(spelled) = { A, B }; found \(current)")
    }
    let isCalls = namesCalls(current)
    if !isCalls, spelled.utf8.first == UInt8(ascii: "@"), case .word = current.kind {
      throw error(
        place,
        "a set of values has no '@': \(String(decoding: spelled.utf8.dropFirst(), as: UTF8.self))")
    }
    var calls: [Syscall] = []
    var values: [Policy.Value] = []
    repeat {
      if namesCalls(current) != isCalls, !isAtEnd, current.kind != .symbol(.closeBrace) {
        throw error(
          span,
          "a set has calls or values, not both, and \(current) is no \(isCalls ? "call" : "value")")
      }
      if isCalls {
        let span = span
        let name = try word(expecting: "the name of a system call or an @group")
        for call in self.calls(named: name, at: span) where !calls.contains(call) {
          calls.append(call)
        }
      } else {
        let start = span
        values += try member(fitting: .long)
        if values.count > PolicyNames.mostValues {
          throw error(start, "a set has at most \(PolicyNames.mostValues) values")
        }
      }
    } while take(.comma)
    guard take(.closeBrace) else {
      throw error(span, "expected ',' or '}', found \(current)")
    }
    let name = String(decoding: Array(PolicyNames.bare(spelled)), as: UTF8.self)
    names.define(name, as: isCalls ? .calls(calls) : .values(values))
  }

  private func namesCalls(_ token: PolicyToken) -> Bool {
    guard case .word(let name) = token.kind else { return false }
    if name.utf8.first == UInt8(ascii: "@") || names.calls(of: name) != nil { return true }
    let call = Syscall(named: name) ?? Self.call(byNumberName: name)
    return call != nil && NamedConstant(named: name) == nil
  }

  private func refuse(_ name: String, at place: Range<Int>) throws(PolicyDiagnostic) {
    let bare = String(decoding: Array(PolicyNames.bare(name)), as: UTF8.self)
    if names.content(of: bare) != nil {
      throw error(place, "'\(name)' is said twice; one of the lines must go")
    }
    let isTaken =
      Syscall(named: bare) != nil || NamedConstant(named: bare) != nil || Errno(named: bare) != nil
      || SyscallSet.calls(named: "@" + bare) != nil || Self.taken.contains(bare)
    if isTaken || bare.utf8.contains(UInt8(ascii: ":")) {
      throw error(place, "'\(name)' means something already; a set needs a name of its own")
    }
    if names.isFull { throw error(place, "a policy has at most \(PolicyNames.mostNames) sets") }
  }
}
