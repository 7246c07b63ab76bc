/// What the text of a policy says, and where.
public struct ParsedPolicy: Sendable {
  /// The policy itself.
  public let policy: Policy
  /// The words of the `layers` line with their places, at least one; `nil` where there is no such line.
  package let layers: [PolicyWord]?
  /// The words of the `network` line, likewise.
  package let network: [PolicyWord]?
  /// What may not mean what its author thinks.
  public let warnings: [PolicyDiagnostic]
  let rules: [LocatedRule]
}

extension ParsedPolicy {
  /// Says of a rule that one of its arguments is missing on an ABI.
  ///
  /// - Parameters:
  ///   - place: Where the rule stands.
  ///   - call: The call that has no such argument.
  ///   - architecture: The ABI.
  /// - Returns: An error like those of the parser; `nil` where no rule of the text stands there.
  package func missingArgument(
    at place: Policy.Place?, of call: Syscall, on architecture: Architecture
  ) -> PolicyDiagnostic? {
    guard let rule = rules.first(where: { $0.rule.place == place }) else { return nil }
    let comparisons = zip(rule.rule.condition?.comparisons ?? [], rule.comparisonSpans)
    guard
      let missing = comparisons.first(where: {
        $0.0.argument.location(in: call, on: architecture) == nil
      })
    else { return nil }
    let names = call.prototype(on: architecture)?.parameters.map { $0.name } ?? []
    let known = names.isEmpty ? "" : " (it has \(names.joined(separator: ", ")))"
    return rule.line.diagnostic(
      .error, missing.1,
      "\(call.name) has no argument '\(missing.0.argument)' on \(architecture)\(known), for which the rules are "
        + "compiled too: say 'foreign kill', or name \(call.name) in a rule without a condition")
  }
}

extension Policy {
  /// The largest text that is read, in bytes.
  public static let largestText = 1 << 20

  /// Reads a policy from its text.
  ///
  /// - Parameters:
  ///   - text: The bytes of the policy; lines end with LF or CRLF.
  ///   - name: What the text is called, usually its file, for the places of the rules.
  ///   - path: The path of its file, in whose folder the files begin that it includes.
  ///   - read: Reads these; `nil` where none can be included.
  /// - Returns: The policy and warnings.
  /// - Throws: Every error of the text, one for each line that has any.
  public static func parse(
    _ text: [UInt8], named name: String = "policy", at path: [UInt8] = [],
    including read: IncludedText.Reader? = nil
  ) throws(PolicyError) -> ParsedPolicy {
    var parser = PolicyParser(files: PolicyFiles(name: name, path: path, read))
    return try parser.parse(text)
  }

  /// Reads a policy from its text and leaves warnings aside.
  ///
  /// - Parameters:
  ///   - text: The lines of the policy.
  ///   - name: What the text is called, for the places of the rules.
  /// - Throws: Every error of the text, one for each line that has any.
  public init(text: String, named name: String = "policy") throws(PolicyError) {
    self = try Policy.parse(Array(text.utf8), named: name).policy
  }

  /// Reads the `layers` line of a text and nothing else of it.
  ///
  /// - Parameter text: The bytes of a policy.
  /// - Returns: The words with their places; `nil` where there is no such line.
  /// - Throws: What is wrong with that line.
  package static func layers(of text: [UInt8]) throws(PolicyError) -> [PolicyWord]? {
    try PolicyParser.layers(of: text)
  }
}

/// Reads the statements of a policy, line by line, and goes on after an error.
struct PolicyParser {
  /// More errors than these help nobody.
  static let mostErrors = 20

  private var files: PolicyFiles
  private var names = PolicyNames()
  private var defaultVerdict: Verdict?
  /// Whether a line at least tried to say the default.
  private var hasDefault = false
  private var foreign: Policy.Foreign?
  private var x32: Verdict?
  private var unknown: Verdict?
  private var layers: [PolicyWord]?
  private var network: [PolicyWord]?
  private var rules: [LocatedRule] = []
  private var errors: [PolicyDiagnostic] = []

  init(files: PolicyFiles) {
    self.files = files
  }

  mutating func parse(_ text: [UInt8]) throws(PolicyError) -> ParsedPolicy {
    try Self.checkIsUTF8(text)
    let lines = Self.lines(of: text)
    let first = lines.first ?? PolicyLine(number: 1, bytes: [])
    if text.count > Policy.largestText {
      throw PolicyError(diagnostics: [
        first.diagnostic(.error, 0..<1, "a policy is at most \(Policy.largestText) bytes long")
      ])
    }
    read(lines)
    errors.removeLast(Swift.max(0, errors.count - Self.mostErrors))
    if !hasDefault, errors.count < Self.mostErrors {
      let last = lines.last ?? first
      let end = last.bytes.endIndex
      errors.append(
        last.diagnostic(
          .error, end..<end,
          "nothing says what calls without a rule get; add the line 'default allow'"))
    }
    guard let defaultVerdict, errors.isEmpty else { throw PolicyError(diagnostics: errors) }
    var policy = Policy(
      defaultVerdict: defaultVerdict, foreign: foreign ?? .compile, x32: x32 ?? .deny(.enosys),
      unknown: unknown, rules: rules.map { $0.rule })
    policy.layers = layers?.map { $0.text }
    policy.network = network?.map { $0.text }
    return ParsedPolicy(
      policy: policy, layers: layers, network: network,
      warnings: PolicyReview(rules, of: policy).warnings(), rules: rules)
  }

  /// Reads the lines of one file; mistakes are kept.
  private mutating func read(_ lines: [PolicyLine]) {
    for line in lines where errors.count < Self.mostErrors {
      do throws(PolicyDiagnostic) {
        try Self.checkIsText(line)
        try parse(line)
      } catch {
        errors.append(error)
      }
    }
  }

  /// Reads a file in the place of a line.
  private mutating func include(_ statement: inout PolicyStatement) throws(PolicyDiagnostic) {
    let span = statement.span
    guard case .text(let name) = statement.current.kind else {
      throw statement.error(
        span, "expected a file's name in quotation marks, as in: include \"common.policy\"")
    }
    statement.advance()
    try statement.end()
    let text: [UInt8]
    do throws(IncludedText.Failure) {
      text = try files.enter(name)
    } catch {
      throw statement.error(span, "this file cannot be included: \(error.reason)")
    }
    let file = files.current.name
    do throws(PolicyError) {
      try Self.checkIsUTF8(text, file)
    } catch {
      errors += error.diagnostics
      files.leave()
      return
    }
    read(Self.lines(of: text, file))
    files.leave()
    statement.names = names
  }

  static func layers(of text: [UInt8]) throws(PolicyError) -> [PolicyWord]? {
    var parser = PolicyParser(files: PolicyFiles(name: "", path: [], nil))
    for line in lines(of: text) where line.begins(with: "layers") {
      do throws(PolicyDiagnostic) {
        try parser.parse(line)
      } catch {
        throw PolicyError(diagnostics: [error])
      }
    }
    return parser.layers
  }

  static func lines(of text: [UInt8], _ file: String? = nil) -> [PolicyLine] {
    var lines: [PolicyLine] = []
    // The mark that some editors put at the beginning of UTF-8.
    let text = text.starts(with: [0xef, 0xbb, 0xbf]) ? text.dropFirst(3) : text[...]
    for part in text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
      let bytes = part.last == UInt8(ascii: "\r") ? part.dropLast() : part
      lines.append(PolicyLine(number: lines.count + 1, bytes: bytes, file: file))
    }
    return lines
  }

  /// Two bytes for each character would be an error in every line.
  private static func checkIsUTF8(
    _ text: [UInt8], _ file: String? = nil
  ) throws(PolicyError) {
    guard text.starts(with: [0xff, 0xfe]) || text.starts(with: [0xfe, 0xff]) else { return }
    let line = PolicyLine(number: 1, bytes: text[..<2], file: file)
    throw PolicyError(diagnostics: [
      line.diagnostic(.error, 0..<2, "the text is UTF-16; a policy is UTF-8, so save it as that")
    ])
  }

  private static func checkIsText(_ line: PolicyLine) throws(PolicyDiagnostic) {
    let control = line.bytes.firstIndex { ($0 < 0x20 && $0 != UInt8(ascii: "\t")) || $0 == 0x7f }
    guard let control else { return }
    throw line.diagnostic(
      .error, control..<control + 1, "a control character; a policy is a text file")
  }

  private mutating func parse(_ line: PolicyLine) throws(PolicyDiagnostic) {
    var statement = PolicyStatement(line, try PolicyLexer.tokens(of: line), names)
    if statement.isAtEnd { return }
    defer {
      errors += statement.problems
      names = statement.names
    }
    try parse(&statement)
  }

  private mutating func parse(_ statement: inout PolicyStatement) throws(PolicyDiagnostic) {
    let line = statement.line
    let span = statement.span
    if let advice = statement.adviceForStart() { throw statement.error(span, advice) }
    switch try statement.word(expecting: "a verb: allow, deny, kill, log or default") {
    case "default":
      hasDefault = true
      try statement.refuseRepetition(of: "default", at: span, defaultVerdict != nil)
      defaultVerdict = try statement.verdict()
    case "foreign":
      try statement.refuseRepetition(of: "foreign", at: span, foreign != nil)
      foreign = statement.take("compile") ? .compile : .verdict(try statement.verdict())
    case "x32":
      try statement.refuseRepetition(of: "x32", at: span, x32 != nil)
      x32 = try statement.verdict()
    case "unknown":
      try statement.refuseRepetition(of: "unknown", at: span, unknown != nil)
      unknown = try statement.verdict()
    case "layers":
      try statement.refuseRepetition(of: "layers", at: span, layers != nil)
      layers = try statement.words(expecting: "the name of a layer")
    case "network":
      try statement.refuseRepetition(of: "network", at: span, network != nil)
      network = try statement.words(expecting: "a word about the network, such as allowed")
    case "let": try statement.definition()
    case "include": try include(&statement)
    case let word:
      let place = Policy.Place(files.current.name, line: line.number)
      rules.append(try statement.rule(verb: word, at: span, place))
    }
    try statement.end()
  }
}

extension PolicyLine {
  /// Whether the first thing on the line is this text.
  fileprivate func begins(with text: StaticString) -> Bool {
    let start = bytes.drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
    return text.withUTF8Buffer { start.starts(with: $0) }
  }
}
