/// What is known before each instruction of a filter, found by one walk over the finished bytes.
struct ProgramFlow {
  /// What A holds.
  struct Content: Hashable {
    let word: SeccompData.Word
    let mask: UInt32
  }

  struct State {
    /// `nil` where different ways in leave different things in A.
    var content: Content?
    /// The ABIs that can get here.
    var architectures: [Architecture]
  }

  /// For each instruction what is known on all ways in; `nil` where no way leads.
  private(set) var states: [State?]

  init(_ program: Program, _ candidates: [Architecture]) {
    states = Array(repeating: nil, count: program.instructions.count)
    states[0] = State(content: nil, architectures: candidates)
    // Jumps go forward, so all ways in are known when an instruction is reached.
    for (index, instruction) in program.instructions.enumerated() {
      guard var state = states[index] else { continue }
      switch instruction {
      case .load(.data(let word)):
        state.content = Content(word: word, mask: .max)
      case .arithmetic(.and, .constant(let mask)):
        state.content = state.content.map { Content(word: $0.word, mask: $0.mask & mask) }
      case .load, .arithmetic, .negate, .copyFromIndex:
        state.content = nil
      case .loadIndex, .store, .storeIndex, .copyToIndex:
        break
      case .return:
        continue
      case .jump(let distance):
        merge(state, into: index + 1 + Int(distance))
        continue
      case .branch(let test, let operand, let ifTrue, let ifFalse):
        let (yes, no) = Self.split(state, test, operand)
        merge(yes, into: index + 1 + Int(ifTrue))
        merge(no, into: index + 1 + Int(ifFalse))
        continue
      }
      merge(state, into: index + 1)
    }
  }

  private static func split(
    _ state: State, _ test: Instruction.Test, _ operand: Instruction.Operand
  ) -> (State, State) {
    guard state.content == Content(word: .arch, mask: .max), case .constant(let k) = operand else {
      return (state, state)
    }
    var (yes, no) = (state, state)
    yes.architectures.removeAll { !test.holds($0.auditValue, k) }
    no.architectures.removeAll { test.holds($0.auditValue, k) }
    return (yes, no)
  }

  private mutating func merge(_ state: State, into index: Int) {
    guard let known = states[index] else {
      states[index] = state
      return
    }
    let content = known.content == state.content ? known.content : nil
    let architectures =
      known.architectures + state.architectures.filter { !known.architectures.contains($0) }
    states[index] = State(content: content, architectures: architectures)
  }
}
