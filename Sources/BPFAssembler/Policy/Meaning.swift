/// A system call as the kernel shows it to a filter.
public struct SystemCall: Hashable, Sendable {
  /// The audit architecture value of the entry that was used.
  public var arch: UInt32
  /// The number in the register; x32 numbers and -1 included.
  public var number: UInt32
  /// The six argument registers.
  public var arguments: [UInt64]

  /// Makes a call.
  ///
  /// - Parameters:
  ///   - arch: The audit architecture value.
  ///   - number: The system call number.
  ///   - arguments: Up to six registers; missing ones are 0.
  public init(arch: UInt32, number: UInt32, arguments: [UInt64] = []) {
    self.arch = arch
    self.number = number
    self.arguments = arguments + Array(repeating: 0, count: Swift.max(0, 6 - arguments.count))
  }
}

extension Policy {
  /// The reference meaning: what this policy answers to a call, in plain code.
  ///
  /// - Parameters:
  ///   - call: The call as the kernel shows it.
  ///   - native: The architecture that the filter is for, a native one.
  /// - Returns: The verdict with its errno filled in.
  public func verdict(of call: SystemCall, native: Architecture) -> Verdict {
    unresolvedVerdict(of: call, native: native).resolved(refusal: refusal)
  }

  private func unresolvedVerdict(of call: SystemCall, native: Architecture) -> Verdict {
    if call.arch == native.auditValue { return verdict(of: call, on: native) }
    guard let compat = native.compat, call.arch == compat.auditValue else { return .kill }
    switch foreign {
    case .compile: return verdict(of: call, on: compat)
    case .verdict(let verdict): return verdict
    }
  }

  private func verdict(of call: SystemCall, on architecture: Architecture) -> Verdict {
    // A tracer writes -1 to skip a call: nothing runs, so there is nothing to refuse.
    if call.number == Architecture.skippedNumber { return .allow }
    if let numbers = architecture.x32Numbers, numbers.contains(call.number) { return x32 }
    if let numbers = architecture.x32TableNumbers, numbers.contains(call.number) {
      return x32WithoutBit ?? x32
    }
    let syscall = Syscall.at(number: call.number, on: architecture)
    if syscall == nil, call.number > architecture.newestNumber { return unknown }
    guard let syscall else { return defaultVerdict }
    return rule(for: call, syscall, on: architecture)?.verdict ?? defaultVerdict
  }

  private func rule(
    for call: SystemCall, _ syscall: Syscall, on architecture: Architecture
  ) -> Rule? {
    rules.first { rule in
      rule.calls.contains(syscall)
        && (rule.condition?.holds(for: call, of: syscall, on: architecture) ?? true)
    }
  }

  /// The rule that decides about a known call of an architecture; `nil` where none speaks of it.
  package func rule(for call: SystemCall, on architecture: Architecture) -> Rule? {
    guard let syscall = Syscall.at(number: call.number, on: architecture) else { return nil }
    return rule(for: call, syscall, on: architecture)
  }
}

extension Policy.Condition {
  /// Whether the arguments of a call meet the condition.
  ///
  /// - Parameters:
  ///   - call: The call with its registers.
  ///   - syscall: Which call it is, for the names of parameters.
  ///   - architecture: The ABI of the call.
  /// - Returns: The truth of the condition; a comparison of a parameter that is not there is false.
  public func holds(
    for call: SystemCall, of syscall: Syscall, on architecture: Architecture
  ) -> Bool {
    switch self {
    case .all(let parts):
      return parts.allSatisfy { $0.holds(for: call, of: syscall, on: architecture) }
    case .any(let parts):
      return parts.contains { $0.holds(for: call, of: syscall, on: architecture) }
    case .not(let part):
      return !part.holds(for: call, of: syscall, on: architecture)
    case .comparison(let comparison):
      guard let location = comparison.argument.location(in: syscall, on: architecture) else {
        return false
      }
      let register = call.arguments[location.index]
      let argument = location.isWord ? register & 0xffff_ffff : register
      return comparison.holds(for: argument) {
        $0.number(on: architecture, isWord: location.isWord)
      }
    }
  }
}

extension Policy.Comparison {
  fileprivate func holds(for argument: UInt64, number: (Policy.Value) -> UInt64) -> Bool {
    takes(argument & (mask.map(number) ?? .max), number)
  }

  /// Whether a value that is masked already meets the relation.
  func takes(_ value: UInt64, _ number: (Policy.Value) -> UInt64) -> Bool {
    switch relation {
    case .equal(let other): value == number(other)
    case .notEqual(let other): value != number(other)
    case .less(let other): value < number(other)
    case .lessOrEqual(let other): value <= number(other)
    case .greater(let other): value > number(other)
    case .greaterOrEqual(let other): value >= number(other)
    case .member(let others): others.contains { value == number($0) }
    }
  }
}
