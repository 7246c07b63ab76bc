/// Arguments of a call that get one verdict: some bits of each argument have certain values.
///
/// It is the one test that every other language of filters has too (`SCMP_CMP_MASKED_EQ`).
package struct CallCase: Equatable {
  /// For each of the six arguments the bits that matter; 0 where none does.
  package private(set) var masks: [UInt64] = Array(repeating: 0, count: 6)
  /// What these bits are; 0 outside the mask.
  package private(set) var values: [UInt64] = Array(repeating: 0, count: 6)
  /// What the call gets, with its errno.
  package fileprivate(set) var verdict = Verdict.allow

  /// The part of the case where some bits of a word are as told, or nil.
  fileprivate func narrowed(_ word: SeccompData.Word, _ block: Block) -> CallCase? {
    guard
      let index = SeccompData.Argument.allCases.firstIndex(where: {
        $0.low == word || $0.high == word
      })
    else { return nil }
    let shift: UInt64 = SeccompData.Argument.allCases[index].high == word ? 32 : 0
    let mask = UInt64(block.mask) << shift
    let value = UInt64(block.value) << shift
    guard (values[index] ^ value) & masks[index] & mask == 0 else { return nil }
    var part = self
    part.masks[index] |= mask
    part.values[index] |= value
    return part
  }
}

/// Numbers of which some bits are as told.
private struct Block {
  let mask: UInt32
  let value: UInt32
}

extension CallCase {
  /// Whether every call of another case is one of this too.
  fileprivate func covers(_ other: CallCase) -> Bool {
    masks.indices.allSatisfy { index in
      other.masks[index] & masks[index] == masks[index]
        && (other.values[index] ^ values[index]) & masks[index] == 0
    }
  }

  /// Whether a formula is true of all calls of the case, as far as one word at a time shows it.
  fileprivate func implies(_ formula: WordFormula) -> Bool {
    switch formula {
    case .constant(let truth): truth
    case .test(let value, let set):
      value.blocks(of: set.complement).allSatisfy { narrowed(value.word, $0) == nil }
    case .all(let parts): parts.allSatisfy { implies($0) }
    case .any(let parts): parts.contains { implies($0) }
    }
  }
}

extension Policy {
  /// What a policy makes of one call on one ABI, as cases.
  ///
  /// Cases of different verdicts exclude each other, so that their order does not matter; those of one
  /// verdict may overlap.
  ///
  /// - Parameters:
  ///   - call: The call.
  ///   - architecture: Its ABI.
  ///   - fallback: What is left out, because all that has no case gets it; `nil` leaves out nothing.
  ///   - most: How many cases there may be.
  /// - Returns: `nil` where there are more than `most`, or where a condition cannot be asked on that ABI.
  package func cases(
    of call: Syscall, on architecture: Architecture, besides fallback: Verdict? = nil,
    most: Int = 2048
  ) -> [CallCase]? {
    var steps: [(formula: WordFormula, verdict: Verdict)] = []
    var otherwise = defaultVerdict.resolved(refusal: refusal)
    for rule in rules where rule.calls.contains(call) {
      let verdict = rule.verdict.resolved(refusal: refusal)
      guard let condition = rule.condition else {
        otherwise = verdict
        break
      }
      guard let formula = WordFormula(condition, of: call, on: architecture) else { return nil }
      steps.append((formula, verdict))
    }
    steps.append((.constant(true), otherwise))
    let finder = CaseFinder(most: most)
    for (index, step) in steps.enumerated() where step.verdict != fallback {
      let others = steps[..<index].filter { $0.verdict != step.verdict }
      finder.find([step.formula] + others.map { $0.formula.negated }, step.verdict)
    }
    return finder.isCut ? nil : finder.cases
  }
}

private final class CaseFinder {
  private(set) var cases: [CallCase] = []
  private(set) var isCut = false
  private let most: Int
  private var remainingSteps = 1 << 16

  init(most: Int) { self.most = most }

  /// Adds the cases in which all formulas are true.
  func find(_ formulas: [WordFormula], _ verdict: Verdict) {
    var place = CallCase()
    place.verdict = verdict
    find(formulas[...], place)
  }

  private func find(_ formulas: ArraySlice<WordFormula>, _ place: CallCase) {
    remainingSteps -= 1
    if isCut || remainingSteps < 0 {
      isCut = true
      return
    }
    guard let formula = formulas.first else { return append(place) }
    let rest = formulas.dropFirst()
    switch formula {
    case .constant(let truth): if truth { find(rest, place) }
    case .test(let value, let set):
      for block in value.blocks(of: set) {
        if let part = place.narrowed(value.word, block) { find(rest, part) }
      }
    case .all(let parts): find((parts + rest)[...], place)
    case .any(let parts):
      // One part that is true already makes all others needless.
      if place.implies(formula) { return find(rest, place) }
      for part in parts { find(([part] + rest)[...], place) }
    }
  }

  private func append(_ place: CallCase) {
    if cases.contains(where: { $0.verdict == place.verdict && $0.covers(place) }) { return }
    cases.removeAll { $0.verdict == place.verdict && place.covers($0) }
    cases.append(place)
    if cases.count > most { isCut = true }
  }
}

extension DecisionGraph.Value {
  /// The numbers of a set that the mask lets through, as blocks that share no number.
  fileprivate func blocks(of set: RangeSet) -> [Block] {
    var blocks: [Block] = []
    append(set, Block(mask: 0, value: 0), remaining: mask, &blocks)
    return blocks
  }

  /// Adds the part of a block that lies in the set, upper bits first.
  private func append(
    _ set: RangeSet, _ block: Block, remaining: UInt32, _ blocks: inout [Block]
  ) {
    let numbers = block.value...(block.value | remaining)
    guard let range = set.ranges.first(where: { $0.overlaps(numbers) }) else { return }
    if range.lowerBound <= numbers.lowerBound, range.upperBound >= numbers.upperBound {
      blocks.append(block)
      return
    }
    if remaining == 0 { return }
    let bit = UInt32(1) << UInt32(31 - remaining.leadingZeroBitCount)
    for value in [block.value, block.value | bit] {
      append(
        set, Block(mask: block.mask | bit, value: value), remaining: remaining & ~bit, &blocks)
    }
  }
}
