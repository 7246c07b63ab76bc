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
  private var path = CaseFacts()
  /// What the path leaves of the calls; a test that it decides has one end.
  private var constraint = PathConstraint(remainingSteps: 1_000_000)
  /// Which rule decides.
  private let deciders: CallSemantics
  private var cases: [Case] = []
  private var steps = 0
  private(set) var outcomes: [Explanation.Outcome] = []
  private(set) var isCut = false
  private(set) var junkArguments: [String] = []

  /// One end of the filter and what leads to it.
  private struct Case {
    let answer: UInt32
    var facts: CaseFacts
    let origins: [CompiledPolicy.Origin]
  }

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
    deciders = CallSemantics(decidersOf: syscall, rules, of: compiled.policy, on: architecture)
    data = SeccompData(nr: number, arch: architecture.auditValue)
  }

  /// Leaves only the calls with this value in an argument.
  ///
  /// - Returns: Why the ABI has no such calls, in a sentence; they may then have any value there.
  mutating func assume(_ argument: Policy.Argument, _ value: Policy.Value) -> String? {
    guard let location = argument.location(in: syscall, on: architecture),
      let low = SeccompData.Word.low(argument: location.index),
      let high = SeccompData.Word.high(argument: location.index)
    else { return "\(syscall.name) has no argument '\(argument)' here, so it is left open" }
    let number = value.number(on: architecture, isWord: location.isWord)
    let halves = (
      low: UInt32(truncatingIfNeeded: number), high: UInt32(truncatingIfNeeded: number >> 32)
    )
    if location.isWord, halves.high != 0 {
      return "'\(argument)' has 32 bits here and \(value) has more, so it is left open"
    }
    constraint.narrow(WordTest(WordView(low), in: halves.low...halves.low), to: true)
    // The kernel does not look at the upper half of an int, and a caller may leave anything there.
    if !location.isWord {
      constraint.narrow(WordTest(WordView(high), in: halves.high...halves.high), to: true)
    }
    return nil
  }

  /// Follows the filter from its beginning.
  mutating func follow() {
    follow(from: 0, Registers())
    join()
    let words = FactWording(wording: wording, rules: named, architecture: architecture)
    outcomes = cases.map { one in
      Explanation.Outcome(
        answer: one.answer, conditions: words.conditions(one.facts), origins: one.origins)
    }
  }

  /// Makes one case of those that differ in the values of one word.
  private mutating func join() {
    var first = 0
    while first < cases.count {
      if joinsAnother(first) {
        // What grew may now join an earlier one.
        first = 0
      } else {
        first += 1
      }
    }
  }

  private mutating func joinsAnother(_ first: Int) -> Bool {
    let own = cases[first]
    for index in cases.indices where index > first {
      let other = cases[index]
      guard other.answer == own.answer, other.origins == own.origins,
        let joined = own.facts.joined(with: other.facts)
      else { continue }
      cases[first].facts = joined
      cases.remove(at: index)
      return true
    }
    return false
  }

  private mutating func follow(from start: Int, _ known: Registers) {
    var registers = known
    var index = start
    while true {
      steps += 1
      if cases.count >= Self.mostOutcomes || steps > Self.mostSteps
        || constraint.remainingSteps < 0
      {
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
        let mark = constraint.mark
        let before = path
        for holds in [true, false] {
          add(registers.a, test, operand, holds)
          follow(from: index + Int(holds ? ifTrue : ifFalse), registers)
          constraint.restore(mark)
          path = before
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
        cases.append(Case(answer: answer, facts: path, origins: origins(at: index - 1)))
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
  private mutating func settled(_ a: Held, _ test: Instruction.Test, _ operand: UInt32?) -> Bool? {
    guard let operand else { return nil }
    switch a {
    case .constant(let value): return test.holds(value, operand)
    case .computed: return nil
    case .word(let content):
      let view = WordView(content.word, mask: content.mask)
      switch WordTest.asking(test, view, operand) {
      case .known(let holds): return holds
      case .open(let question):
        switch constraint.decide(question) {
        case .always: return true
        case .never: return false
        case .both: return nil
        }
      }
    }
  }

  /// Goes one way at a test.
  private mutating func add(
    _ a: Held, _ test: Instruction.Test, _ operand: UInt32?, _ holds: Bool
  ) {
    guard case .word(let content) = a, let operand else {
      return path.add(computed: "what it computes \(holds ? "passes" : "fails") a test")
    }
    let view = WordView(content.word, mask: content.mask)
    if case .open(let question) = WordTest.asking(test, view, operand) {
      constraint.narrow(question, to: holds)
    }
    let mask = test == .bitsSet ? content.mask & operand : content.mask
    let passing = RangeSet(passing: test, operand)
    path.add(
      ProgramFlow.Content(word: content.word, mask: mask), holds ? passing : passing.complement)
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

/// Which rules are behind an answer.
extension CallWalk {
  /// The parts of the policy that decide some call of the path.
  private mutating func origins(at index: Int) -> [CompiledPolicy.Origin] {
    if compiled.isRead { return [] }
    if architecture.x32Numbers?.contains(data[.nr]) == true { return [.x32] }
    if architecture != compiled.architecture, compiled.policy.foreign != .compile {
      return [.foreign]
    }
    let mark = constraint.mark
    var found: [UInt32] = []
    decide(deciders.start, &found)
    constraint.restore(mark)
    return found.sorted().map { $0 == CallSemantics.noRule ? .default : .rule(Int($0)) }
  }

  private mutating func decide(_ next: CallSemantics.Next, _ found: inout [UInt32]) {
    switch next {
    case .answer(let rule):
      if !found.contains(rule) { found.append(rule) }
    case .question(let position):
      let question = deciders.questions[position]
      if constraint.remainingSteps < 0 { return }
      switch constraint.decide(question.test) {
      case .always: decide(question.ifTrue, &found)
      case .never: decide(question.ifFalse, &found)
      case .both:
        let mark = constraint.mark
        constraint.narrow(question.test, to: true)
        decide(question.ifTrue, &found)
        constraint.restore(mark)
        constraint.narrow(question.test, to: false)
        decide(question.ifFalse, &found)
        constraint.restore(mark)
      }
    }
  }
}
