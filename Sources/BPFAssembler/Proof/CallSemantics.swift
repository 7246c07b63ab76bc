/// The reference meaning of one call as questions about words, asked one after the other.
///
/// It says what `Policy.verdict(of:native:)` says, in the order in which that does: rule by rule,
/// part by part. Written from there; the tests compare the two on every constraint.
struct CallSemantics {
  /// Where an answer leads.
  enum Next: Hashable {
    /// To another question, by its position.
    case question(Int)
    /// To what the filter has to return.
    case answer(UInt32)
  }

  /// A question about one word and where its answers lead.
  struct Question {
    let test: WordTest
    let ifTrue: Next
    let ifFalse: Next
  }

  private(set) var questions: [Question] = []
  private(set) var start: Next

  /// The same for all arguments.
  init(answer: UInt32) {
    start = .answer(answer)
  }

  /// What some rules make of a call.
  ///
  /// - Parameters:
  ///   - call: The call.
  ///   - rules: The positions of the rules that name the call, rising.
  ///   - policy: The policy.
  ///   - architecture: The ABI of the call.
  init(_ call: Syscall, _ rules: [Int], of policy: Policy, on architecture: Architecture) {
    start = .answer(policy.defaultVerdict.kernelAnswer(refusal: policy.refusal))
    for index in rules.reversed() {
      let rule = policy.rules[index]
      let match = Next.answer(rule.verdict.kernelAnswer(refusal: policy.refusal))
      guard let condition = rule.condition else {
        start = match
        continue
      }
      let context = Context(call: call, architecture: architecture)
      start = ask(condition, context, ifTrue: match, ifFalse: start)
    }
  }

  /// The answer of `init(decidersOf:)` where no rule decides.
  static let noRule = UInt32.max

  /// Which of some rules decides a call: the answers are their positions, or `noRule`.
  ///
  /// - Parameters:
  ///   - call: The call.
  ///   - rules: The positions of the rules that name the call, rising.
  ///   - policy: The policy.
  ///   - architecture: The ABI of the call.
  init(
    decidersOf call: Syscall, _ rules: [Int], of policy: Policy, on architecture: Architecture
  ) {
    start = .answer(Self.noRule)
    let context = Context(call: call, architecture: architecture)
    for index in rules.reversed() {
      let match = Next.answer(UInt32(truncatingIfNeeded: index))
      start =
        policy.rules[index].condition.map {
          ask($0, context, ifTrue: match, ifFalse: start)
        } ?? match
    }
  }

  /// Whose arguments a condition speaks of.
  private struct Context {
    let call: Syscall
    let architecture: Architecture
  }

  private mutating func ask(
    _ condition: Policy.Condition, _ context: Context, ifTrue: Next, ifFalse: Next
  ) -> Next {
    switch condition {
    case .not(let part):
      return ask(part, context, ifTrue: ifFalse, ifFalse: ifTrue)
    case .all(let parts):
      var next = ifTrue
      for part in parts.reversed() { next = ask(part, context, ifTrue: next, ifFalse: ifFalse) }
      return next
    case .any(let parts):
      var next = ifFalse
      for part in parts.reversed() { next = ask(part, context, ifTrue: ifTrue, ifFalse: next) }
      return next
    case .comparison(let comparison):
      guard let location = comparison.argument.location(in: context.call, on: context.architecture),
        let register = Register(location, mask: comparison.mask, on: context.architecture)
      else { return ifFalse }
      return ask(comparison.relation, register, ifTrue: ifTrue, ifFalse: ifFalse)
    }
  }
}

/// A masked argument as the kernel takes it: two words, or one and an upper half of 0.
private struct Register {
  let low: WordView
  let high: WordView
  private let architecture: Architecture
  private let isWord: Bool

  init?(_ location: Policy.Argument.Location, mask: Policy.Value?, on architecture: Architecture) {
    guard let lowWord = SeccompData.Word.low(argument: location.index),
      let highWord = SeccompData.Word.high(argument: location.index)
    else { return nil }
    self.architecture = architecture
    isWord = location.isWord
    let mask = mask?.number(on: architecture, isWord: location.isWord) ?? .max
    low = WordView(lowWord, mask: UInt32(truncatingIfNeeded: mask))
    let highMask = location.isWord ? 0 : UInt32(truncatingIfNeeded: mask >> 32)
    high = WordView(highWord, mask: highMask)
  }

  func halves(of value: Policy.Value) -> (high: UInt32, low: UInt32) {
    let number = value.number(on: architecture, isWord: isWord)
    return (UInt32(truncatingIfNeeded: number >> 32), UInt32(truncatingIfNeeded: number))
  }
}

extension CallSemantics {
  private typealias Bounds = ClosedRange<UInt32>

  private mutating func ask(
    _ relation: Policy.Comparison.Relation, _ register: Register, ifTrue: Next, ifFalse: Next
  ) -> Next {
    switch relation {
    case .equal(let value):
      return equal(register, value, ifTrue: ifTrue, ifFalse: ifFalse)
    case .notEqual(let value):
      return equal(register, value, ifTrue: ifFalse, ifFalse: ifTrue)
    case .less(let value):
      return less(register, value, orEqual: false, ifTrue: ifTrue, ifFalse: ifFalse)
    case .lessOrEqual(let value):
      return less(register, value, orEqual: true, ifTrue: ifTrue, ifFalse: ifFalse)
    case .greater(let value):
      return less(register, value, orEqual: true, ifTrue: ifFalse, ifFalse: ifTrue)
    case .greaterOrEqual(let value):
      return less(register, value, orEqual: false, ifTrue: ifFalse, ifFalse: ifTrue)
    case .member(let values):
      var next = ifFalse
      for value in values.reversed() {
        next = equal(register, value, ifTrue: ifTrue, ifFalse: next)
      }
      return next
    }
  }

  private mutating func equal(
    _ register: Register, _ value: Policy.Value, ifTrue: Next, ifFalse: Next
  ) -> Next {
    let (high, low) = register.halves(of: value)
    let lowHalf = question(register.low, low...low, ifTrue: ifTrue, ifFalse: ifFalse)
    return question(register.high, high...high, ifTrue: lowHalf, ifFalse: ifFalse)
  }

  /// A lesser upper half is less; among equal upper halves the lower ones decide.
  private mutating func less(
    _ register: Register, _ value: Policy.Value, orEqual: Bool, ifTrue: Next, ifFalse: Next
  ) -> Next {
    let (high, low) = register.halves(of: value)
    var next = ifFalse
    if orEqual {
      next = question(register.low, 0...low, ifTrue: ifTrue, ifFalse: ifFalse)
    } else if low > 0 {
      next = question(register.low, 0...low &- 1, ifTrue: ifTrue, ifFalse: ifFalse)
    }
    next = question(register.high, high...high, ifTrue: next, ifFalse: ifFalse)
    guard high > 0 else { return next }
    return question(register.high, 0...high &- 1, ifTrue: ifTrue, ifFalse: next)
  }

  private mutating func question(
    _ view: WordView, _ range: Bounds, ifTrue: Next, ifFalse: Next
  ) -> Next {
    if let constant = view.constant { return range.contains(constant) ? ifTrue : ifFalse }
    if ifTrue == ifFalse { return ifTrue }
    questions.append(
      Question(test: WordTest(view, in: range), ifTrue: ifTrue, ifFalse: ifFalse))
    return .question(questions.count - 1)
  }
}

extension Verdict {
  /// What the kernel has to get for this verdict (seccomp(2), "filter return values").
  ///
  /// Said here once more on purpose: the compiler has its own.
  func kernelAnswer(refusal: Errno) -> UInt32 {
    switch self {
    case .allow: 0x7fff_0000  // SECCOMP_RET_ALLOW
    case .log: 0x7ffc_0000  // SECCOMP_RET_LOG
    case .kill: 0x8000_0000  // SECCOMP_RET_KILL_PROCESS
    case .deny(let errno?): 0x0005_0000 | UInt32(errno.number)  // SECCOMP_RET_ERRNO
    case .deny(nil): 0x0005_0000 | UInt32(refusal.number)
    }
  }
}
