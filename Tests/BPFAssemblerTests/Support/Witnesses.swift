import BPFAssembler

/// Looks for calls that make a program execute instructions which no call has executed yet.
///
/// It walks the program's branches and keeps on each way what they demand of every word; a way
/// whose demands no value meets ends there. What the finished walk did not reach, no call reaches.
struct Witnesses {
  private let program: Program
  private var isSeen: [Bool]
  /// Whether something unseen lies at or after each instruction.
  private var leadsOn: [Bool] = []
  private var demands: [[Demand]] = Array(repeating: [], count: 16)
  private var values: [UInt32] = Array(repeating: 0, count: 16)
  private var remainingSteps: Int

  /// The calls that were found.
  private(set) var calls: [SystemCall] = []
  /// Whether the walk came to its end, so that what is unseen is unreachable.
  var isComplete: Bool { remainingSteps > 0 }
  /// Instructions that no call executed.
  var unseen: [Int] { isSeen.indices.filter { !isSeen[$0] } }

  /// Searches, for at most so many steps.
  init(_ program: Program, seen: [Bool], steps: Int = 20_000) {
    self.program = program
    isSeen = seen
    remainingSteps = steps
    findWhatLeadsOn()
    walk(from: 0, content: nil)
  }

  private mutating func findWhatLeadsOn() {
    leadsOn = isSeen.map { !$0 }
    for index in program.instructions.indices.reversed() where !leadsOn[index] {
      leadsOn[index] = program.successors(of: index).contains { leadsOn[$0] }
    }
  }

  private mutating func walk(from start: Int, content known: Demand.Content?) {
    var (index, content) = (start, known)
    while leadsOn[index], remainingSteps > 0 {
      remainingSteps -= 1
      if !isSeen[index] { take() }
      switch program.instructions[index] {
      case .load(.data(let word)): content = Demand.Content(word: word)
      case .arithmetic(.and, .constant(let mask)): content?.mask &= mask
      case .jump(let distance): index += Int(distance)
      case .branch(let test, .constant(let constant), let ifTrue, let ifFalse):
        guard let content else { return }
        for holds in [false, true] {
          let demand = Demand(content: content, test: test, constant: constant, holds: holds)
          let target = index + 1 + Int(holds ? ifTrue : ifFalse)
          branch(to: target, demand)
        }
        return
      case .return, .load, .loadIndex, .store, .storeIndex, .arithmetic, .negate, .copyToIndex,
        .copyFromIndex, .branch:
        return
      }
      index += 1
    }
  }

  private mutating func branch(to target: Int, _ demand: Demand) {
    guard leadsOn[target] else { return }
    let word = demand.content.word.index
    let old = values[word]
    demands[word].append(demand)
    defer {
      demands[word].removeLast()
      values[word] = old
    }
    if !demand.isMet(by: old) {
      guard let value = Demand.value(meeting: demands[word]) else { return }
      values[word] = value
    }
    walk(from: target, content: demand.content)
  }

  private mutating func take() {
    var call = SystemCall(arch: values[1], number: values[0])
    call.arguments = (0..<6).map { UInt64(values[4 + 2 * $0]) | UInt64(values[5 + 2 * $0]) << 32 }
    calls.append(call)
    _ = program.run(call.data) { isSeen[$0] = true }
    findWhatLeadsOn()
  }
}

/// What a branch demands of one word.
private struct Demand {
  struct Content {
    let word: SeccompData.Word
    var mask = UInt32.max
  }

  let content: Content
  let test: Instruction.Test
  let constant: UInt32
  let holds: Bool

  func isMet(by word: UInt32) -> Bool { test.holds(word & content.mask, constant) == holds }

  /// The bits that the demand looks at.
  var mask: UInt32 { test == .bitsSet ? content.mask & constant : content.mask }

  /// Whether some words between `low` and `high` under the mask may meet it, and whether all do.
  func chance(_ low: UInt32, _ high: UInt32) -> (some: Bool, all: Bool) {
    let (none, all) =
      switch test {
      case .equal: (constant < low || high < constant, low == high && low == constant)
      case .greater: (high <= constant, low > constant)
      case .greaterOrEqual: (high < constant, low >= constant)
      case .bitsSet: (high == 0, low != 0)
      }
    return holds ? (!none, all) : (!all, none)
  }

  /// A word that meets all demands, or nil where there is none.
  static func value(meeting demands: [Demand]) -> UInt32? { value(0, known: 0, demands) }

  // Fixes one bit after another, from the top, for as long as some demand is undecided.
  private static func value(_ value: UInt32, known: UInt32, _ demands: [Demand]) -> UInt32? {
    var undecided: [Demand] = []
    for demand in demands {
      let chance = demand.chance(value & demand.mask, (value | ~known) & demand.mask)
      if !chance.some { return nil }
      if !chance.all { undecided.append(demand) }
    }
    let open = undecided.reduce(0) { $0 | $1.mask } & ~known
    if undecided.isEmpty { return value }
    guard open != 0 else { return nil }
    let bit = UInt32(0x8000_0000) >> UInt32(open.leadingZeroBitCount)
    return self.value(value, known: known | bit, undecided)
      ?? self.value(value | bit, known: known | bit, undecided)
  }
}

extension Program {
  /// Where the machine can be after an instruction.
  func successors(of index: Int) -> [Int] {
    switch instructions[index] {
    case .return: []
    case .jump(let distance): [index + 1 + Int(distance)]
    case .branch(_, _, let ifTrue, let ifFalse):
      [index + 1 + Int(ifTrue), index + 1 + Int(ifFalse)]
    case .load, .loadIndex, .store, .storeIndex, .arithmetic, .negate, .copyToIndex,
      .copyFromIndex:
      [index + 1]
    }
  }
}
