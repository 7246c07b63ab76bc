/// Names for what a filter compares: the names that the rules behind an instruction use.
struct Wording {
  private let policy: Policy

  init(_ policy: Policy) {
    self.policy = policy
  }

  /// A word of the call's data under a mask, as C would say it but with the parameter's name.
  func value(_ content: ProgramFlow.Content, _ rules: [Policy.Rule], on architecture: Architecture?)
    -> String
  {
    let name = name(content.word, rules, architecture) ?? content.word.description
    return content.mask == .max ? name : "\(name) & 0x\(String(content.mask, radix: 16))"
  }

  /// A constant that the rules compare with, by its name where they use one.
  func constant(
    _ number: UInt32, of content: ProgramFlow.Content, _ rules: [Policy.Rule],
    on architecture: Architecture?
  ) -> String {
    let architecture = architecture ?? .x86_64
    for rule in rules {
      let argument = name(content.word, [rule], architecture)
      let constants = rule.condition?.constants(comparedWith: argument) ?? []
      let match = constants.first {
        $0.number(on: architecture, isWord: true) & 0xffff_ffff == UInt64(number)
      }
      if let match { return match.description }
    }
    return number < 10 ? "\(number)" : "0x\(String(number, radix: 16))"
  }

  /// The rules among the origins.
  func rules(_ origins: [CompiledPolicy.Origin]) -> [Policy.Rule] {
    origins.compactMap { origin in
      guard case .rule(let index) = origin else { return nil }
      return policy.rules[index]
    }
  }

  /// Origins in words, rules by their number from 1.
  func origins(_ origins: [CompiledPolicy.Origin]) -> String {
    var parts: [String] = []
    var rules: [Int] = []
    for origin in origins {
      switch origin {
      case .architecture: parts.append("arch")
      case .dispatch: parts.append("number")
      case .skipped: parts.append("-1")
      case .x32: parts.append("x32")
      case .unknown: parts.append("unknown")
      case .foreign: parts.append("foreign")
      case .default: parts.append("default")
      case .elsewhere: parts.append("another filter")
      case .rule(let index): rules.append(index + 1)
      }
    }
    if !rules.isEmpty {
      let numbers = rules.sorted().map { "\($0)" }.joined(separator: ", ")
      parts.append((rules.count == 1 ? "rule " : "rules ") + numbers)
    }
    return parts.joined(separator: ", ")
  }

  /// Whether a word is the lower half of an argument of which the kernel takes both.
  func isHalf(_ word: SeccompData.Word, _ rules: [Policy.Rule], on architecture: Architecture)
    -> Bool
  {
    guard !architecture.is32Bit, let found = parameter(word, rules, architecture) else {
      return false
    }
    return word == found.argument.low && found.parameter.kind != .int
  }

  private func name(
    _ word: SeccompData.Word, _ rules: [Policy.Rule], _ architecture: Architecture?
  ) -> String? {
    parameter(word, rules, architecture).map { argument, parameter in
      word == argument.high ? "\(parameter.name) >> 32" : parameter.name
    }
  }

  /// The argument that a word belongs to, and the parameter that it is for all calls of the rules.
  private func parameter(
    _ word: SeccompData.Word, _ rules: [Policy.Rule], _ architecture: Architecture?
  ) -> (argument: SeccompData.Argument, parameter: Prototype.Parameter)? {
    guard let architecture,
      let argument = SeccompData.Argument.allCases.first(where: {
        word == $0.low || word == $0.high
      })
    else { return nil }
    var found: Prototype.Parameter?
    for call in rules.flatMap({ $0.calls }) where call.number(on: architecture) != nil {
      let parameters = call.prototype(on: architecture)?.parameters ?? []
      guard parameters.count > argument.rawValue else { return nil }
      let parameter = parameters[Int(argument.rawValue)]
      if let found, found.name != parameter.name { return nil }
      found = parameter
    }
    return found.map { (argument, $0) }
  }
}

extension Policy.Condition {
  /// The values with a name that one parameter is compared with.
  fileprivate func constants(comparedWith parameter: String?) -> [Policy.Value] {
    switch self {
    case .comparison(let comparison):
      guard comparison.argument == parameter.map(Policy.Argument.named) else { return [] }
      return comparison.constants.filter { value in
        if case .number = value { false } else { true }
      }
    case .not(let part): return part.constants(comparedWith: parameter)
    case .all(let parts), .any(let parts):
      return parts.flatMap { $0.constants(comparedWith: parameter) }
    }
  }
}
