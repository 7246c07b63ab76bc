extension CompiledPolicy {
  /// Which filter of a policy that takes several this is.
  ///
  /// Each answers for some calls and allows all others, so that of the answers to one call at most one is
  /// not `allow`, and the kernel takes that one. Proven is all of them together, whoever split them
  /// (`CheckedChain`).
  public struct Part: Hashable, Sendable {
    /// Its place in the order in which they are installed, from 1.
    public let number: Int
    /// How many there are.
    public let count: Int
    /// The calls that it answers for; the last one answers for all others, and for numbers of no call too.
    fileprivate let calls: [Syscall]

    /// Whether this filter answers for a call.
    func answers(for call: Syscall) -> Bool {
      number == count ? !calls.contains(call) : calls.contains(call)
    }
  }

  /// Compiles a policy to one filter, or to several where one would be longer than the kernel takes.
  ///
  /// They are installed in their order. Only seccomp(2) is called between the first and the last; the last
  /// one answers for it, so the policy may refuse it.
  ///
  /// - Parameters:
  ///   - policy: What the filters must mean together.
  ///   - architecture: The native architecture.
  /// - Returns: At least one filter; one is without `part`.
  /// - Throws: `CompilerError`, but never `tooLong`.
  public static func filters(
    of policy: Policy, for architecture: Architecture
  ) throws(CompilerError) -> [CompiledPolicy] {
    try filters(of: policy, for: architecture, most: Program.mostInstructions)
  }

  /// The same with another limit for each filter, no higher than the kernel's.
  package static func filters(
    of policy: Policy, for architecture: Architecture, most: Int
  ) throws(CompilerError) -> [CompiledPolicy] {
    do throws(CompilerError) {
      return [try CompiledPolicy(policy, for: architecture, most: most)]
    } catch {
      guard case .tooLong(let count) = error else { throw error }
      return try Splitting(policy, architecture, most).filters(instructions: count)
    }
  }
}

/// Takes a policy apart by calls until each part fits.
private struct Splitting {
  private let policy: Policy
  private let architecture: Architecture
  /// The most instructions of a filter.
  private let most: Int
  /// The calls whose arguments matter, by number, and how many comparisons each takes.
  private var calls: [(call: Syscall, weight: Int)] = []

  private typealias Piece = (compiled: CompiledPolicy, calls: [Syscall])

  init(_ policy: Policy, _ architecture: Architecture, _ most: Int) {
    self.policy = policy
    self.architecture = architecture
    self.most = most
    var weights = CallMap(repeating: 0)
    var isDecided = CallMap(repeating: false)
    for rule in policy.rules {
      let count = rule.condition?.comparisonCount
      for call in rule.calls where !isDecided[call] {
        if let count { weights[call] += count } else { isDecided[call] = true }
      }
    }
    // The last filter answers for it, see `filters`.
    if let own = Syscall(named: "seccomp") { weights[own] = 0 }
    for call in weights.calls where weights[call] > 0 { calls.append((call, weights[call])) }
    func number(_ call: Syscall) -> UInt32 { call.number(on: architecture) ?? .max }
    calls.sort { (number($0.call), $0.call) < (number($1.call), $1.call) }
  }

  func filters(instructions: Int) throws(CompilerError) -> [CompiledPolicy] {
    // Parts are never shorter than the whole in any number that matters here.
    guard instructions <= FilterChain.mostTranslatedInstructions else {
      throw .chainTooLong(instructions: instructions)
    }
    // A filter is not filled at first: parts share less than the whole did.
    let count = instructions / (most * 9 / 10) + 1
    let share = calls.reduce(0) { $0 + $1.weight } / count
    var pieces: [Piece] = []
    var start = 0
    var weight = 0
    for index in calls.indices {
      weight += calls[index].weight
      guard weight >= share || index == calls.count - 1 else { continue }
      let group = calls[start...index]
      (start, weight) = (index + 1, 0)
      if start < calls.count { pieces += try self.pieces(group) } else { pieces += try last(group) }
    }
    if calls.isEmpty { pieces += try last([]) }
    let chain = FilterChain(
      pieces[0].compiled.program, pieces.dropFirst().map { $0.compiled.program })
    guard chain.translatedCount <= FilterChain.mostTranslatedInstructions else {
      throw .chainTooLong(instructions: chain.instructionCount)
    }
    return pieces.enumerated().map { index, piece in
      var compiled = piece.compiled
      compiled.part = CompiledPolicy.Part(
        number: index + 1, count: pieces.count, calls: piece.calls)
      return compiled
    }
  }
}

extension Splitting {
  private typealias Group = ArraySlice<(call: Syscall, weight: Int)>

  /// Filters that answer for some calls and allow all others.
  private func pieces(_ group: Group) throws(CompilerError) -> [Piece] {
    let calls = group.map { $0.call }
    do throws(CompilerError) {
      return [(try compiled(answering(calls), .default), calls)]
    } catch {
      guard case .tooLong(let count) = error else { throw error }
      guard let first = calls.first else { throw error }
      if calls.count == 1 { throw .callTooLong(first, instructions: count) }
      let middle = group.startIndex + group.count / 2
      return try pieces(group[..<middle]) + pieces(group[middle...])
    }
  }

  /// Filters that answer for some calls, the last of them for all that is left over too.
  private func last(_ group: Group) throws(CompilerError) -> [Piece] {
    let others = calls.map { $0.call }.filter { call in !group.contains { $0.call == call } }
    do throws(CompilerError) {
      return [(try compiled(leavingOut(others), .elsewhere), others)]
    } catch {
      guard case .tooLong(let count) = error else { throw error }
      // Besides these calls only the one that is kept here takes more than a few instructions.
      guard !group.isEmpty else {
        guard let own = Syscall(named: "seccomp") else { throw error }
        throw .callTooLong(own, instructions: count)
      }
      let middle = group.startIndex + (group.count + 1) / 2
      return try pieces(group[..<middle]) + last(group[middle...])
    }
  }

  /// A part of the policy as a filter; its last rule stands for what is not in the policy's text.
  private func compiled(
    _ part: Policy, _ lastRule: CompiledPolicy.Origin
  ) throws(CompilerError) -> CompiledPolicy {
    let added = CompiledPolicy.Origin.rule(policy.rules.count)
    let compiled = try CompiledPolicy(part, for: architecture, most: most)
    return CompiledPolicy(
      policy: policy, architecture: architecture, program: compiled.program,
      origins: compiled.origins.map { $0.map { $0 == added ? lastRule : $0 } })
  }

  /// The policy for some calls, with all else allowed; rules keep their places.
  private func answering(_ calls: [Syscall]) -> Policy {
    let foreign: Policy.Foreign = policy.foreign == .compile ? .compile : .verdict(.allow)
    var isOwn = CallMap(repeating: false)
    for call in calls { isOwn[call] = true }
    return Policy(
      defaultVerdict: .allow, foreign: foreign, x32: .allow, refusal: policy.refusal,
      rules: rules { isOwn[$0] } + [Policy.Rule(policy.defaultVerdict, calls)])
  }

  /// The policy with some calls allowed.
  private func leavingOut(_ calls: [Syscall]) -> Policy {
    var isLeftOut = CallMap(repeating: false)
    for call in calls { isLeftOut[call] = true }
    var rest = policy
    rest.rules = rules { !isLeftOut[$0] } + [Policy.Rule(.allow, calls)]
    return rest
  }

  private func rules(_ isOwn: (Syscall) -> Bool) -> [Policy.Rule] {
    policy.rules.map { rule in
      Policy.Rule(rule.verdict, rule.calls.filter(isOwn), if: rule.condition, at: rule.place)
    }
  }
}

extension Policy.Condition {
  fileprivate var comparisonCount: Int {
    switch self {
    case .all(let parts), .any(let parts): parts.reduce(0) { $0 + $1.comparisonCount }
    case .not(let part): part.comparisonCount
    case .comparison(let comparison): comparison.constants.count
    }
  }
}

extension FilterChain {
  /// The programs of a policy.
  ///
  /// - Parameter filters: What `CompiledPolicy.filters(of:for:)` returns, all of it.
  public init(_ filters: [CompiledPolicy]) {
    self.init(filters[0].program, filters.dropFirst().map { $0.program })
  }
}
