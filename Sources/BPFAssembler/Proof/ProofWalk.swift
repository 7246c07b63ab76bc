/// Walks a chain of programs and the meaning of its policy side by side through all constraints.
///
/// The programs are walked one behind the other as the kernel runs them, the youngest first.
struct ProofWalk {
  /// How far a path has come in the programs and in the meaning.
  private struct Position {
    var index: Int
    var next: CallSemantics.Next
  }

  /// A path: its place and what the program holds there.
  private struct Path {
    var place: Position
    var registers = SymbolicRegisters()
    /// What the kernel would act on after the programs that have returned; `nil` in the first.
    var youngerAnswer: UInt32?
    /// What the programs answer, once all have.
    var answer: WordView?
    /// The instruction whose result no view can say; the programs are then not followed further.
    var obstacle: Int?
  }

  /// The other half of a split constraint, still to be walked.
  private struct Alternative {
    let mark: PathConstraint.Mark
    let test: WordTest
    let path: Path
  }

  /// A question that splits the constraint, and where its answers lead.
  private struct Split {
    let test: WordTest
    /// The instruction that asks; nil where the policy does.
    let index: Int?
    let ifTrue: Position
    let ifFalse: Position
  }

  private let chain: FilterChain
  private let flow: ChainFlow
  private let policy: Policy
  private let native: Architecture
  private let limit: Int
  private var constraint: PathConstraint
  private var pending: [Alternative] = []
  /// Where the paths of a large region have been.
  private var visitedStates: VisitedStates?
  /// The steps in one region before `visitedStates` is made; most regions need fewer.
  private let fewSteps: Int
  private static let mostStepsFromPlace = 10_000
  /// The first instruction that stopped a path.
  private var obstacle: Int?
  /// The constraint of the whole region, and whether this walk starts in it but not at the beginning.
  private var region: PathConstraint.Mark
  private var isFromPlace = false

  init(
    _ chain: FilterChain, _ policy: Policy, native: Architecture, limit: Int, fewSteps: Int = 1000
  ) {
    self.chain = chain
    flow = ChainFlow(chain)
    self.policy = policy
    self.native = native
    self.limit = limit
    self.fewSteps = fewSteps
    constraint = PathConstraint(remainingSteps: limit)
    region = constraint.mark
  }

  /// Walks all of it.
  ///
  /// - Returns: The number of steps that it took.
  mutating func run() throws(ProofError) -> Int {
    let everything = constraint.mark
    for region in PolicyConstraints(policy, native: native).regions {
      constraint.restore(everything)
      constraint.narrow(WordTest(WordView(.arch), in: region.archs), to: true)
      constraint.narrow(WordTest(WordView(.nr), in: region.numbers), to: true)
      self.region = constraint.mark
      visitedStates = nil
      try walk(Path(place: Position(index: 0, next: region.meaning.start)), region.meaning)
    }
    if let obstacle { throw undecided(.instruction(index: obstacle)) }
    return limit - constraint.remainingSteps
  }

  private mutating func walk(_ start: Path, _ meaning: CallSemantics) throws(ProofError) {
    var path = start
    let remainingSteps = constraint.remainingSteps
    while true {
      if visitedStates == nil, constraint.remainingSteps <= remainingSteps - fewSteps {
        visitedStates = Relevance(flow).map { VisitedStates($0, meaning) }
      }
      if let split = try follow(&path, meaning), !meets(path, split, meaning) {
        var other = path
        other.place = split.ifFalse
        pending.append(Alternative(mark: constraint.mark, test: split.test, path: other))
        constraint.narrow(split.test, to: true)
        path.place = split.ifTrue
      } else if let alternative = pending.popLast() {
        constraint.restore(alternative.mark)
        constraint.narrow(alternative.test, to: false)
        path = alternative.path
      } else {
        return
      }
    }
  }

  /// Follows a path until its constraint must be split; nil at its end.
  private mutating func follow(
    _ path: inout Path, _ meaning: CallSemantics
  ) throws(ProofError) -> Split? {
    while path.answer == nil, path.obstacle == nil {
      constraint.spend(1)
      let index = path.place.index
      path.place.index += 1
      switch path.registers.execute(flow.instructions[index]) {
      case .next(let count): path.place.index += count
      case .answer(let view): answer(&path, view, at: index)
      case .branch(let test, let ifTrue, let ifFalse):
        switch try decide(test) {
        case .always: path.place.index += ifTrue
        case .never: path.place.index += ifFalse
        case .both:
          if visitedStates != nil { _ = try ask(&path.place.next, meaning) }
          let place = path.place
          return Split(
            test: test, index: index,
            ifTrue: Position(index: place.index + ifTrue, next: place.next),
            ifFalse: Position(index: place.index + ifFalse, next: place.next))
        }
      case .beyond:
        path.obstacle = index
        obstacle = obstacle ?? index
      }
    }
    return try finish(&path, meaning)
  }

  /// Notes what one program answers, and goes on in the next.
  private mutating func answer(_ path: inout Path, _ view: WordView, at index: Int) {
    let next = flow.starts[index]
    if path.youngerAnswer == nil, next == nil {
      path.answer = view
      return
    }
    guard let value = view.constant else {
      path.obstacle = index
      obstacle = obstacle ?? index
      return
    }
    let answer = path.youngerAnswer.map { SeccompReturn.stricter(value, than: $0) } ?? value
    guard let next else {
      path.answer = WordView(constant: answer)
      return
    }
    path.youngerAnswer = answer
    path.registers = SymbolicRegisters()
    path.place.index = next
  }

  /// Asks what the policy says about the constraint, once the programs have answered.
  private mutating func finish(
    _ path: inout Path, _ meaning: CallSemantics
  ) throws(ProofError) -> Split? {
    if let question = try ask(&path.place.next, meaning) {
      let index = path.place.index
      return Split(
        test: question.test, index: nil,
        ifTrue: Position(index: index, next: question.ifTrue),
        ifFalse: Position(index: index, next: question.ifFalse))
    }
    guard case .answer(let expected) = path.place.next, let answer = path.answer else {
      // One call for each answer of the policy may show a difference; otherwise it stays open.
      if let data = constraint.witness(), let found = counterexample(data) {
        throw .disproved(found)
      }
      return nil
    }
    let agreement = WordTest(answer, in: expected...expected)
    switch try decide(agreement) {
    case .always: return nil
    case .both: constraint.narrow(agreement, to: false)
    case .never: break
    }
    guard let data = constraint.witness() else { throw outOfSteps }
    guard let found = counterexample(data) else {
      let call = SystemCall(arch: data.arch, number: data.nr, arguments: data.arguments)
      throw undecided(.contradiction(call))
    }
    throw .disproved(found)
  }
}

extension ProofWalk {
  /// Goes on in the meaning as far as the constraint decides its questions.
  ///
  /// - Returns: The first question that it does not decide; nil at an answer.
  private mutating func ask(
    _ next: inout CallSemantics.Next, _ meaning: CallSemantics
  ) throws(ProofError) -> CallSemantics.Question? {
    while case .question(let position) = next {
      let question = meaning.questions[position]
      switch try decide(question.test) {
      case .always: next = question.ifTrue
      case .never: next = question.ifFalse
      case .both: return question
      }
    }
    return nil
  }

  /// Whether a path that is about to split need not be walked, because one like it was.
  private mutating func meets(_ path: Path, _ split: Split, _ meaning: CallSemantics) -> Bool {
    let value = split.index == nil ? path.answer : path.registers.a
    guard let value,
      let point = visitedStates?.point(
        split.index, value, path.place.next, younger: path.youngerAnswer)
    else {
      return false
    }
    // This walk may fail, so that nobody may rely on where it has been.
    if isFromPlace { return visitedStates?.isProven(point) ?? false }
    guard let result = visitedStates?.note(point, constraint) else { return false }
    constraint.spend(result.steps)
    switch result.meeting {
    case .none: return false
    case .met: return true
    case .other:
      guard let index = split.index else { return false }
      let isProven = holds(from: path, at: index, meaning)
      visitedStates?.settle(point, isProven: isProven)
      return isProven
    }
  }

  /// Whether programs and meaning agree from a place on even when nothing is known of arguments.
  ///
  /// The first path through many rules turns back at the last one, so such places are proven from
  /// the last to the first and each of these walks is short.
  private mutating func holds(
    from path: Path, at index: Int, _ meaning: CallSemantics
  ) -> Bool {
    var other = self
    other.isFromPlace = true
    other.pending = []
    other.obstacle = nil
    other.constraint.restore(region)
    let steps = Swift.min(Self.mostStepsFromPlace, constraint.remainingSteps)
    other.constraint.limit(to: steps)
    var start = path
    start.place.index = index
    var isProven = true
    do throws(ProofError) {
      try other.walk(start, meaning)
    } catch {
      isProven = false
    }
    constraint.spend(steps - Swift.max(0, other.constraint.remainingSteps))
    return isProven && other.obstacle == nil
  }

  private mutating func decide(_ test: WordTest) throws(ProofError) -> PathConstraint.Decision {
    let decision = constraint.decide(test)
    if constraint.remainingSteps < 0 { throw outOfSteps }
    return decision
  }

  private func counterexample(_ data: SeccompData) -> Proof.Counterexample? {
    Proof.Counterexample(data, chain, policy, native: native)
  }

  private var outOfSteps: ProofError {
    if let word = constraint.crowdedWord { return undecided(.tooManyMasks(word)) }
    return undecided(.tooManyCases(steps: limit))
  }

  private func undecided(_ reason: Proof.Undecided.Reason) -> ProofError {
    .undecided(
      Proof.Undecided(
        reason: reason, rules: policy.rules.count, instructions: flow.instructions.count))
  }
}

/// The instructions of a chain in the order in which they can be executed.
struct ChainFlow {
  /// Those of the youngest program come first.
  private(set) var instructions: [Instruction] = []
  /// For each instruction where the program behind its own begins; `nil` in the last program.
  private(set) var starts: [Int?] = []

  init(_ chain: FilterChain) {
    for (index, program) in chain.programs.enumerated().reversed() {
      let count = program.instructions.count
      let next = instructions.count + count
      instructions += program.instructions
      starts += Array(repeating: index > 0 ? next : nil, count: count)
    }
  }
}
