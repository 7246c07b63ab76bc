/// What a finished filter answers to every known call, read off its instructions.
public struct Explanation: Sendable {
  /// One way through the filter for one call.
  struct Outcome {
    let answer: UInt32
    /// What must hold of the arguments, in words; empty where nothing must.
    let conditions: [String]
    /// The parts of the policy behind the answer that speak of this call.
    let origins: [Origin]
  }

  /// What one call gets.
  struct Call {
    let syscall: Syscall
    let number: UInt32
    /// In the order of the filter's tests; the last one is what is left.
    let outcomes: [Outcome]
    /// Whether there were more ways than are listed.
    let isCut: Bool
    /// Whether Linux 5.11 and later allow the call without running the filter.
    let isFree: Bool
    /// Whether a rule of the policy names the call.
    let isNamed: Bool
  }

  /// All known calls of one ABI, by number.
  struct Table {
    let architecture: Architecture
    let calls: [Call]

    /// How many of the calls that no rule names are free, and how many there are.
    var free: (count: Int, of: Int) {
      let unnamed = calls.filter { !$0.isNamed }
      return (unnamed.filter { $0.isFree }.count, unnamed.count)
    }
  }

  let compiled: CompiledPolicy
  let names: PolicyNames
  /// The native ABI first.
  let tables: [Table]

  /// Reads a filter.
  ///
  /// - Parameters:
  ///   - compiled: The filter with the reasons for its instructions.
  ///   - names: What the policy and its rules are called.
  public init(_ compiled: CompiledPolicy, _ names: PolicyNames) {
    self.compiled = compiled
    self.names = names
    let native = compiled.architecture
    tables = ([native] + (native.compat.map { [$0] } ?? [])).map { architecture in
      let calls = Syscall.known(on: architecture).compactMap { syscall in
        syscall.number(on: architecture).map { number in
          Self.call(syscall, number, architecture, compiled, names)
        }
      }
      return Table(architecture: architecture, calls: calls)
    }
  }

  private static func call(
    _ syscall: Syscall, _ number: UInt32, _ architecture: Architecture,
    _ compiled: CompiledPolicy, _ names: PolicyNames
  ) -> Call {
    let rules = compiled.policy.rules.indices.filter {
      compiled.policy.rules[$0].calls.contains(syscall)
    }
    var walk = CallWalk(
      compiled, Wording(compiled.policy, names), architecture, syscall, number: number,
      rules: rules)
    walk.follow(from: 0)
    return Call(
      syscall: syscall, number: number, outcomes: walk.outcomes, isCut: walk.isCut,
      isFree: compiled.program.isConstantlyAllowed(nr: number, arch: architecture.auditValue),
      isNamed: !rules.isEmpty)
  }
}

/// Follows every way that one call can take through a filter, depending on its arguments.
private struct CallWalk {
  /// No policy written by hand comes near; what lies beyond is said to be cut.
  private static let mostOutcomes = 64

  private let compiled: CompiledPolicy
  private let wording: Wording
  private let architecture: Architecture
  private let data: SeccompData
  private let rules: [Int]
  /// The rules as far as they speak of this call, whose parameters have the names that are shown.
  private let named: [Rule]
  private var path: [Condition] = []
  private(set) var outcomes: [Explanation.Outcome] = []
  private(set) var isCut = false

  /// One test of an argument on the way, and how it went.
  private struct Condition {
    let content: ProgramFlow.Content
    let test: Instruction.Test
    let holds: Bool
    let words: String
  }

  init(
    _ compiled: CompiledPolicy, _ wording: Wording, _ architecture: Architecture,
    _ syscall: Syscall, number: UInt32, rules: [Int]
  ) {
    self.compiled = compiled
    self.wording = wording
    self.architecture = architecture
    self.rules = rules
    named = rules.map { index in
      let rule = compiled.policy.rules[index]
      return Rule(rule.verdict, [syscall], if: rule.condition)
    }
    data = SeccompData(nr: number, arch: architecture.auditValue)
  }

  mutating func follow(from start: Int, _ known: ProgramFlow.Content? = nil) {
    var content = known
    var index = start
    while true {
      if outcomes.count >= Self.mostOutcomes {
        isCut = true
        return
      }
      let instruction = compiled.program.instructions[index]
      index += 1
      switch instruction {
      case .load(.data(let word)):
        content = ProgramFlow.Content(word: word, mask: .max)
      case .arithmetic(.and, .constant(let mask)):
        content = content.map { ProgramFlow.Content(word: $0.word, mask: $0.mask & mask) }
      case .jump(let distance):
        index += Int(distance)
      case .branch(let test, .constant(let constant), let ifTrue, let ifFalse):
        guard let content else { return }
        if content.word == .nr || content.word == .arch {
          let holds = test.holds(data[content.word] & content.mask, constant)
          index += Int(holds ? ifTrue : ifFalse)
          continue
        }
        for holds in [true, false] {
          let words = words(content, test, constant, holds)
          path.append(Condition(content: content, test: test, holds: holds, words: words))
          follow(from: index + Int(holds ? ifTrue : ifFalse), content)
          path.removeLast()
        }
        return
      case .return(.constant(let answer)):
        outcomes.append(
          Explanation.Outcome(
            answer: answer, conditions: conditions, origins: origins(at: index - 1)))
        return
      case .load, .loadIndex, .store, .storeIndex, .arithmetic, .negate, .copyToIndex,
        .copyFromIndex, .branch, .return:
        // No policy compiles to these.
        return
      }
    }
  }

  /// The path in words, without what another part of it implies.
  private var conditions: [String] {
    let known = path.filter { $0.holds && $0.test == .equal }
    return path.compactMap { condition in
      let isImplied =
        !condition.holds && known.contains { $0.content == condition.content }
      return isImplied ? nil : condition.words
    }
  }

  private func words(
    _ content: ProgramFlow.Content, _ test: Instruction.Test, _ constant: UInt32, _ holds: Bool
  ) -> String {
    var value = wording.value(content, named, on: architecture)
    if content.mask == .max, test != .bitsSet, wording.isHalf(content.word, named, on: architecture)
    {
      value += " & 0xffffffff"
    }
    let number = wording.constant(constant, of: content, named, on: architecture)
    return "\(value) \(test.relation(holds)) \(number)"
      + (test == .bitsSet ? (holds ? " != 0" : " == 0") : "")
  }

  /// An answer is shared by many calls; of its reasons only those count that speak of this one.
  private func origins(at index: Int) -> [Origin] {
    let all = compiled.origins[index]
    let own = all.filter { origin in
      if case .rule(let rule) = origin { return rules.contains(rule) }
      return false
    }
    if !own.isEmpty { return own }
    return all.filter { $0 == .default || $0 == .foreign }
  }
}

extension Instruction.Test {
  /// The comparison in the policy language, as it is when the test holds or does not.
  fileprivate func relation(_ holds: Bool) -> String {
    switch self {
    case .equal: holds ? "==" : "!="
    case .greater: holds ? ">" : "<="
    case .greaterOrEqual: holds ? ">=" : "<"
    case .bitsSet: "&"
    }
  }
}
