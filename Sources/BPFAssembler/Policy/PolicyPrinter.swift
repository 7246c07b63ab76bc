extension Policy {
  /// The policy in its own language; reading it back gives an equal policy, but for `refusal`,
  /// which is chosen where the policy is used.
  public var text: String {
    var lines = ["default \(defaultVerdict)"]
    switch foreign {
    case .compile: lines.append("foreign compile")
    case .verdict(let verdict): lines.append("foreign \(verdict)")
    }
    lines.append("x32 \(x32)")
    lines.append("unknown \(unknown)")
    if let layers { lines.append("layers \(layers.joined(separator: ", "))") }
    if let network { lines.append("network \(network.joined(separator: ", "))") }
    for rule in rules { lines.append(rule.description) }
    return lines.joined(separator: "\n") + "\n"
  }
}

extension Policy.Rule: CustomStringConvertible {
  /// The rule as the policy language writes it.
  public var description: String {
    var text: String
    var suffix = ""
    switch verdict {
    case .allow: text = "allow "
    case .kill: text = "kill "
    case .log: text = "log "
    case .deny(let errno):
      text = "deny "
      if let errno { suffix = " with \(errno)" }
    }
    text += calls.map { $0.name }.joined(separator: ", ")
    switch condition {
    case nil: break
    case .not(let condition)?: text += " unless \(condition)"
    case let condition?: text += " if \(condition)"
    }
    return text + suffix
  }
}

extension Policy.Condition: CustomStringConvertible {
  /// The condition as the policy language writes it.
  public var description: String {
    switch self {
    case .comparison(let comparison): comparison.description
    case .all(let parts): parts.map { $0.operand }.joined(separator: " and ")
    case .any(let parts): parts.map { $0.operand }.joined(separator: " or ")
    case .not(let part): "not \(part.operand)"
    }
  }

  private var operand: String {
    switch self {
    case .comparison, .not: description
    case .all, .any: "(\(description))"
    }
  }
}

extension Policy.Comparison: CustomStringConvertible {
  /// The comparison as the policy language writes it.
  public var description: String {
    var text = argument.description
    if let mask { text += " & \(mask)" }
    switch relation {
    case .equal(let value): text += " == \(value)"
    case .notEqual(let value): text += " != \(value)"
    case .less(let value): text += " < \(value)"
    case .lessOrEqual(let value): text += " <= \(value)"
    case .greater(let value): text += " > \(value)"
    case .greaterOrEqual(let value): text += " >= \(value)"
    case .member(let values):
      text += " in { " + values.map { $0.description }.joined(separator: ", ") + " }"
    }
    return text
  }
}

extension Policy.Argument: CustomStringConvertible {
  /// The argument as the policy language writes it.
  public var description: String {
    switch self {
    case .named(let name): name
    case .whole(let index): "arg\(index)"
    case .lowWord(let index): "arg\(index):32"
    }
  }
}

extension Policy.Value: CustomStringConvertible {
  /// The value as the policy language writes it: small numbers in decimal, others in hexadecimal.
  public var description: String {
    switch self {
    case .constant(let constant): constant.name
    case .negative(let magnitude): "-\(magnitude)"
    case .bits(let values): values.map { $0.description }.joined(separator: " | ")
    case .number(let number), .register(let number):
      number < 10 ? String(number) : "0x" + String(number, radix: 16)
    }
  }
}
