/// A way in which two policies differ; this file alone compares two.
package struct PolicyDifference: Equatable {
  /// Which calls differ.
  package enum Subject: Equatable {
    /// Calls of some ABIs, whatever their arguments are.
    case calls([Syscall], [Architecture])
    /// A call of some ABIs, for some arguments.
    case arguments(Syscall, [Architecture])
    /// The numbers of x32.
    case x32
    /// The numbers that are x32's without its bit before Linux 5.4.
    case x32WithoutBit
    /// The numbers above the newest known call.
    case unknown
    /// The numbers of no call among those of calls.
    case gaps
    /// A 32-bit ABI that has rules in one policy and one verdict in the other.
    case foreign(Architecture)
  }

  /// Which calls differ.
  package let subject: Subject
  /// What this policy answers, with its errno.
  package let own: Verdict
  /// What the other one does.
  package let other: Verdict
  /// A call to which they answer so.
  package let example: SystemCall
}

extension Policy {
  /// All that two policies say differently of calls, each with a call that shows it.
  ///
  /// Where arguments matter the proof looks for the difference, so that none is overlooked.
  ///
  /// - Parameters:
  ///   - other: The policy to compare with.
  ///   - native: The architecture that both are for, a native one.
  /// - Returns: The differences; none where the policies mean the same.
  /// - Throws: Why a policy cannot be compiled or a difference not be ruled out.
  package func differences(
    from other: Policy, for native: Architecture
  ) throws(CheckedProgram.Failure) -> [PolicyDifference] {
    var found: [PolicyDifference] = []
    var architectures = [native]
    if let compat = native.compat {
      if case (.compile, .compile) = (foreign, other.foreign) {
        architectures.append(compat)
      } else if let difference = try foreignDifference(other, native, compat) {
        found.append(difference)
      }
    }
    found += try callDifferences(other, native, architectures)
    let newest = native.newestNumber
    let gap = (0...newest).first { Syscall.at(number: $0, on: native) == nil }
    let rest: [(PolicyDifference.Subject, UInt32?)] = [
      (.gaps, gap), (.unknown, newest + 1), (.x32, native.x32Numbers?.lowerBound),
      (.x32WithoutBit, native.x32TableNumbers?.lowerBound),
    ]
    for case (let subject, let number?) in rest {
      let example = SystemCall(arch: native.auditValue, number: number)
      found += difference(subject, example, other, native).map { [$0] } ?? []
    }
    return found
  }

  /// Whether the policies mean the same; if not, a call to which they answer differently.
  ///
  /// - Parameters:
  ///   - other: The policy to compare with.
  ///   - native: The architecture that both are for.
  /// - Returns: The call; `nil` where it is proven that there is none.
  /// - Throws: Why this policy cannot be compiled, or the other not be compared.
  package func counterexample(
    to other: Policy, for native: Architecture
  ) throws(CheckedProgram.Failure) -> SystemCall? {
    let chain: FilterChain
    do throws(CheckedProgram.Failure) {
      chain = try CheckedChain(self, for: native).chain
    } catch {
      // The one that is too long for filters may still be what a shorter one is held to.
      switch error {
      case .compiler(.callTooLong), .compiler(.chainTooLong): break
      case _: throw error
      }
      let shorter = try CheckedChain(other, for: native).chain
      return try Self.counterexample(shorter, self, native)
    }
    return try Self.counterexample(chain, other, native)
  }

  private static func counterexample(
    _ chain: FilterChain, _ policy: Policy, _ native: Architecture
  ) throws(CheckedProgram.Failure) -> SystemCall? {
    do throws(ProofError) {
      try Proof.check(chain, means: policy, for: native)
      return nil
    } catch {
      guard case .disproved(let example) = error else { throw .proof(error) }
      return example.call
    }
  }

  /// Whether this policy refuses all that another one refuses, among the calls of a difference.
  ///
  /// - Parameters:
  ///   - difference: One of `differences(from: other)`.
  ///   - other: The other policy.
  ///   - native: The architecture that both are for.
  /// - Returns: `false` where it allows more, or kills less.
  /// - Throws: Why that cannot be told.
  package func refusesMore(
    in difference: PolicyDifference, than other: Policy, for native: Architecture
  ) throws(CheckedProgram.Failure) -> Bool {
    guard case .arguments(let call, _) = difference.subject else {
      return difference.own.met(difference.other) == difference.own
    }
    let architectures =
      foreign == .compile && other.foreign == .compile ? [native, native] : [native]
    let own = only(call, decidingRules[call], on: architectures)
    let theirs = other.only(call, other.decidingRules[call], on: architectures)
    return try own.met(theirs).counterexample(to: own, for: native) == nil
  }

  private func difference(
    _ subject: PolicyDifference.Subject, _ example: SystemCall, _ other: Policy,
    _ native: Architecture
  ) -> PolicyDifference? {
    let own = verdict(of: example, native: native)
    let theirs = other.verdict(of: example, native: native)
    if own == theirs { return nil }
    return PolicyDifference(subject: subject, own: own, other: theirs, example: example)
  }

  private func foreignDifference(
    _ other: Policy, _ native: Architecture, _ compat: Architecture
  ) throws(CheckedProgram.Failure) -> PolicyDifference? {
    // Only the 32-bit ABI is left to differ.
    let silent = { (policy: Policy) in
      policy.foreign == .compile
        ? policy
        : Policy(
          defaultVerdict: .allow, foreign: policy.foreign, refusal: policy.refusal, rules: [])
    }
    let policies = [silent(self), silent(other)]
    var example = SystemCall(arch: compat.auditValue, number: 0)
    if let rules = policies.first(where: { $0.foreign == .compile }) {
      var single = rules
      single.foreign = foreign == .compile ? other.foreign : foreign
      single.refusal = foreign == .compile ? other.refusal : refusal
      guard let call = try rules.counterexample(to: single, for: native) else { return nil }
      example = call
    }
    return difference(.foreign(compat), example, other, native)
  }
}

extension Policy {
  /// What some calls get for all arguments.
  private struct Change: Equatable {
    let own: Verdict
    let other: Verdict
    let architectures: [Architecture]
  }

  private func callDifferences(
    _ other: Policy, _ native: Architecture, _ architectures: [Architecture]
  ) throws(CheckedProgram.Failure) -> [PolicyDifference] {
    var found: [PolicyDifference] = []
    var changes: [(change: Change, calls: [Syscall])] = []
    let own = decidingRules
    let others = other.decidingRules
    for call in Syscall.all {
      let numbers = architectures.filter { $0.hasOwn(call) }
      if numbers.isEmpty { continue }
      let ownRules = own[call]
      let otherRules = others[call]
      let isSimple = ownRules.first?.condition == nil && otherRules.first?.condition == nil
      if isSimple {
        let change = Change(
          own: (ownRules.first?.verdict ?? defaultVerdict).resolved(refusal: refusal),
          other: (otherRules.first?.verdict ?? other.defaultVerdict)
            .resolved(refusal: other.refusal), architectures: numbers)
        if change.own == change.other { continue }
        if let index = changes.firstIndex(where: { $0.change == change }) {
          changes[index].calls.append(call)
        } else {
          changes.append((change, [call]))
        }
        continue
      }
      guard
        let example = try only(call, ownRules, on: architectures).counterexample(
          to: other.only(call, otherRules, on: architectures), for: native)
      else { continue }
      let same = numbers.filter { architecture in
        let call = SystemCall(
          arch: architecture.auditValue, number: call.number(on: architecture) ?? 0,
          arguments: example.arguments)
        return verdict(of: call, native: native) != other.verdict(of: call, native: native)
      }
      if let one = difference(.arguments(call, same), example, other, native) { found.append(one) }
    }
    let simple = changes.compactMap { change, calls -> PolicyDifference? in
      guard let number = calls.first?.number(on: change.architectures[0]) else { return nil }
      let example = SystemCall(arch: change.architectures[0].auditValue, number: number)
      return difference(.calls(calls, change.architectures), example, other, native)
    }
    return simple + found
  }

  /// The rules of each call up to the first without a condition.
  private var decidingRules: CallMap<[Rule]> {
    var found = CallMap<[Rule]>(repeating: [])
    for rule in rules {
      for call in rule.calls {
        if let last = found[call].last, last.condition == nil { continue }
        found[call].append(rule)
      }
    }
    return found
  }

  /// The policy as far as it speaks of one call, with all else allowed.
  private func only(_ call: Syscall, _ rules: [Rule], on architectures: [Architecture]) -> Policy {
    Policy(
      defaultVerdict: .allow, foreign: architectures.count > 1 ? .compile : .verdict(.allow),
      x32: .allow, refusal: refusal,
      rules: rules.map { Rule($0.verdict, [call], if: $0.condition, at: $0.place) }
        + [Rule(defaultVerdict, [call], at: Place("default"))])
  }
}

extension Architecture {
  /// Whether a number of the ABI means this call.
  fileprivate func hasOwn(_ call: Syscall) -> Bool {
    guard let number = call.number(on: self) else { return false }
    return Syscall.at(number: number, on: self) == call
  }
}
