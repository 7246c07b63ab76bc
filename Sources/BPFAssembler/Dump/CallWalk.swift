/// Follows every way that one call can take through a filter, depending on its arguments.
///
/// It reads any program that the kernel takes, whoever made it.
struct CallWalk {
  /// No policy written by hand comes near; what lies beyond is said to be cut.
  private static let mostOutcomes = 64
  /// Nor do this many instructions; a filter may have more ways than anybody could wait for.
  private static let mostSteps = 100_000

  private let compiled: CompiledPolicy
  private let wording: Wording
  private let architecture: Architecture
  private let syscall: Syscall
  private let data: SeccompData
  private let rules: [Int]
  /// The rules as far as they speak of this call, whose parameters have the names that are shown.
  private let named: [Policy.Rule]
  private var path: [Condition] = []
  private var steps = 0
  private(set) var outcomes: [Explanation.Outcome] = []
  private(set) var isCut = false
  private(set) var junkArguments: [String] = []

  /// What a register holds.
  private enum Held {
    case constant(UInt32)
    /// A word of the arguments or of the instruction pointer, under a mask.
    case word(ProgramFlow.Content)
    /// Anything else.
    case computed
  }

  private struct Registers {
    var a = Held.constant(0)
    var x = Held.constant(0)
    var scratch = [Held](repeating: .constant(0), count: Instruction.Slot.all.count)
  }

  /// One test of an argument on the way, and how it went.
  private struct Condition {
    /// `nil` where the program computes what it tests.
    let content: ProgramFlow.Content?
    let test: Instruction.Test
    let constant: UInt32
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
    self.syscall = syscall
    self.rules = rules
    // A filter that was read has no rules; the call's parameters have names all the same.
    named =
      compiled.isRead
      ? [Policy.Rule(.allow, [syscall])]
      : rules.map { index in
        let rule = compiled.policy.rules[index]
        return Policy.Rule(rule.verdict, [syscall], if: rule.condition)
      }
    data = SeccompData(nr: number, arch: architecture.auditValue)
  }

  /// Follows the filter from its beginning.
  mutating func follow() { follow(from: 0, Registers()) }

  private mutating func follow(from start: Int, _ known: Registers) {
    var registers = known
    var index = start
    while true {
      steps += 1
      if outcomes.count >= Self.mostOutcomes || steps > Self.mostSteps {
        isCut = true
        return
      }
      let instruction = compiled.program.instructions[index]
      index += 1
      switch instruction {
      case .jump(let distance):
        index += Int(distance)
      case .branch(let test, let operand, let ifTrue, let ifFalse):
        let operand = Self.operand(operand, registers)
        if let holds = settled(registers.a, test, operand) {
          index += Int(holds ? ifTrue : ifFalse)
          continue
        }
        for holds in [true, false] {
          path.append(condition(registers.a, test, operand, holds))
          follow(from: index + Int(holds ? ifTrue : ifFalse), registers)
          path.removeLast()
        }
        return
      case .return(let result):
        var answer: UInt32?
        switch result {
        case .constant(let value): answer = value
        case .accumulator: if case .constant(let value) = registers.a { answer = value }
        }
        guard let answer else {
          isCut = true
          return
        }
        outcomes.append(
          Explanation.Outcome(
            answer: answer, conditions: conditions, origins: origins(at: index - 1)))
        return
      case .load, .loadIndex, .store, .storeIndex, .arithmetic, .negate, .copyToIndex,
        .copyFromIndex:
        compute(instruction, &registers)
      }
    }
  }
}

/// What the registers hold.
extension CallWalk {
  private mutating func compute(_ instruction: Instruction, _ registers: inout Registers) {
    switch instruction {
    case .load(.data(let word)): registers.a = load(word)
    case .load(.immediate(let value)): registers.a = .constant(value)
    case .load(.scratch(let slot)): registers.a = registers.scratch[slot.index]
    case .load(.length): registers.a = .constant(SeccompData.size)
    case .loadIndex(.immediate(let value)): registers.x = .constant(value)
    case .loadIndex(.scratch(let slot)): registers.x = registers.scratch[slot.index]
    case .loadIndex(.length): registers.x = .constant(SeccompData.size)
    case .store(let slot): registers.scratch[slot.index] = registers.a
    case .storeIndex(let slot): registers.scratch[slot.index] = registers.x
    case .copyToIndex: registers.x = registers.a
    case .copyFromIndex: registers.a = registers.x
    case .negate:
      if case .constant(let value) = registers.a {
        registers.a = .constant(0 &- value)
      } else {
        registers.a = .computed
      }
    case .arithmetic(let operation, let operand):
      registers.a = Self.result(registers.a, operation, Self.operand(operand, registers))
    case .jump, .branch, .return: break
    }
  }

  private mutating func load(_ word: SeccompData.Word) -> Held {
    if word == .nr || word == .arch { return .constant(data[word]) }
    noteJunk(word)
    return .word(ProgramFlow.Content(word: word, mask: .max))
  }

  private static func result(_ a: Held, _ operation: Instruction.Operation, _ operand: UInt32?)
    -> Held
  {
    guard let operand else { return .computed }
    switch a {
    case .constant(let value):
      // A division by 0 ends the program, which no known filter does on purpose.
      return operation.apply(value, operand).map { .constant($0) } ?? .computed
    case .word(let content) where operation == .and:
      return .word(ProgramFlow.Content(word: content.word, mask: content.mask & operand))
    case .word, .computed: return .computed
    }
  }

  private static func operand(_ operand: Instruction.Operand, _ registers: Registers) -> UInt32? {
    switch operand {
    case .constant(let value): value
    case .index: if case .constant(let value) = registers.x { value } else { nil }
    }
  }

  /// How a test ends that the call or the way so far has decided; `nil` where both ends are possible.
  private func settled(_ a: Held, _ test: Instruction.Test, _ operand: UInt32?) -> Bool? {
    guard let operand else { return nil }
    switch a {
    case .constant(let value): return test.holds(value, operand)
    case .computed: return nil
    case .word(let content):
      for condition in path {
        guard let known = condition.content, known.word == content.word else { continue }
        if condition.holds, condition.test == .equal, known.mask == .max {
          return test.holds(condition.constant & content.mask, operand)
        }
        if known == content, condition.test == test, condition.constant == operand {
          return condition.holds
        }
      }
      return nil
    }
  }

  /// Notes the upper half of an argument of which the kernel takes the lower one.
  private mutating func noteJunk(_ word: SeccompData.Word) {
    guard !architecture.is32Bit, let prototype = syscall.prototype(on: architecture) else { return }
    for parameter in prototype.parameters where parameter.kind == .int {
      guard SeccompData.Word.high(argument: parameter.index) == word,
        !junkArguments.contains(parameter.name)
      else { continue }
      junkArguments.append(parameter.name)
    }
  }
}

/// Words for what was found.
extension CallWalk {
  /// The path in words, without what another part of it implies.
  private var conditions: [String] {
    let known = path.filter { $0.holds && $0.test == .equal }
    return path.compactMap { condition in
      let isImplied =
        !condition.holds && condition.content != nil
        && known.contains { $0.content == condition.content }
      return isImplied ? nil : condition.words
    }
  }

  private func condition(
    _ a: Held, _ test: Instruction.Test, _ operand: UInt32?, _ holds: Bool
  ) -> Condition {
    guard case .word(let content) = a, let operand else {
      let words = "what it computes \(holds ? "passes" : "fails") a test"
      return Condition(content: nil, test: test, constant: 0, holds: holds, words: words)
    }
    return Condition(
      content: content, test: test, constant: operand, holds: holds,
      words: words(content, test, operand, holds))
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
  private func origins(at index: Int) -> [CompiledPolicy.Origin] {
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
