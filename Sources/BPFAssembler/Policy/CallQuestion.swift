/// A call that somebody asks about, perhaps with arguments: `socket(AF_INET, SOCK_STREAM)`.
public struct CallQuestion: Sendable {
  /// The call.
  public let syscall: Syscall
  /// What is known of its arguments; `nil` where nothing was said about them.
  let arguments: [(argument: Policy.Argument, value: Policy.Value)]?

  /// Reads calls and groups, separated by commas, each call with arguments or without.
  ///
  /// - Parameters:
  ///   - text: What was asked.
  ///   - native: The architecture in whose order the arguments stand; where it has no such call, they stand
  ///     in that of another one.
  /// - Returns: The questions in the order of the text, at least one.
  /// - Throws: The first mistake, with its place in the text.
  public static func parse(
    _ text: [UInt8], for native: Architecture
  ) throws(PolicyDiagnostic) -> [CallQuestion] {
    let line = PolicyLine(number: 1, bytes: text[...])
    var statement = PolicyStatement(line, try PolicyLexer.tokens(of: line))
    let questions = try statement.questions(for: native)
    try statement.end()
    if let first = statement.problems.first { throw first }
    return questions
  }
}

extension PolicyStatement {
  /// Registers that the kernel hands to a call.
  private static let mostArguments = 6

  fileprivate mutating func questions(
    for native: Architecture
  ) throws(PolicyDiagnostic) -> [CallQuestion] {
    var questions: [CallQuestion] = []
    repeat {
      let span = span
      let name = try word(expecting: "the name of a system call or an @group")
      let calls = calls(named: name, at: span)
      guard current.kind == .symbol(.openParenthesis) else {
        questions += calls.map { CallQuestion(syscall: $0, arguments: nil) }
        continue
      }
      guard let call = calls.first else { return questions }
      guard calls.count == 1 else { throw error(self.span, "a group has no arguments") }
      let arguments = try arguments(of: call, for: native)
      questions.append(CallQuestion(syscall: call, arguments: arguments))
    } while take(.comma)
    return questions
  }

  /// `(VALUE, , VALUE)`: what is left out may be anything.
  private mutating func arguments(
    of call: Syscall, for native: Architecture
  ) throws(PolicyDiagnostic) -> [(argument: Policy.Argument, value: Policy.Value)] {
    let architectures = [native] + Architecture.allCases
    let parameters = architectures.lazy.compactMap { call.prototype(on: $0)?.parameters }.first
    let most = parameters?.count ?? Self.mostArguments
    var arguments: [(argument: Policy.Argument, value: Policy.Value)] = []
    var index = 0
    advance()
    while current.kind != .symbol(.closeParenthesis) {
      guard index < most else {
        let names = parameters.map { ": " + $0.map { $0.name }.joined(separator: ", ") } ?? ""
        throw error(
          span, "\(call.name) has \(most == 1 ? "one argument" : "\(most) arguments")\(names)")
      }
      if current.kind != .symbol(.comma) {
        let parameter = parameters?[index]
        let value = try bits(fitting: parameter?.kind ?? .long)
        arguments.append((parameter.map { .named($0.name) } ?? .whole(index), value))
      }
      index += 1
      guard take(.comma) else { break }
    }
    guard take(.closeParenthesis) else {
      throw error(span, "expected ',' or ')', found \(current)")
    }
    return arguments
  }
}

extension CallQuestion: CustomStringConvertible {
  /// The question as it is asked, with the arguments of which something is known by their names.
  public var description: String {
    guard let arguments else { return syscall.name }
    let words = arguments.map { "\($0.argument) == \($0.value)" }
    return "\(syscall.name)(\(words.joined(separator: ", ")))"
  }
}
