/// Arguments of a call that get one verdict: some bits of each argument have certain values.
///
/// It is the one test that every other language of filters has too (`SCMP_CMP_MASKED_EQ`).
package struct CallCase: Hashable {
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

extension Policy {
  /// What a policy makes of one call on one ABI, as cases that exclude each other and leave nothing out.
  ///
  /// - Parameters:
  ///   - call: The call.
  ///   - architecture: Its ABI.
  ///   - most: How many cases there may be.
  /// - Returns: At least one case; `nil` where there are more than `most`, or where a condition
  ///   cannot be asked on that ABI.
  package func cases(
    of call: Syscall, on architecture: Architecture, most: Int = 2048
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
    let splitter = CaseSplitter(steps, otherwise: otherwise, most: most)
    splitter.walk(steps[...], CallCase())
    return splitter.cases.count > most ? nil : splitter.cases
  }
}

private final class CaseSplitter {
  typealias Step = (formula: WordFormula, verdict: Verdict)

  private(set) var cases: [CallCase] = []
  private let otherwise: Verdict
  private let most: Int

  init(_ steps: [Step], otherwise: Verdict, most: Int) {
    self.otherwise = otherwise
    self.most = most
  }

  func walk(_ steps: ArraySlice<Step>, _ place: CallCase) {
    guard let step = steps.first else { return append(place, otherwise) }
    split(step.formula, place) {
      append($0, step.verdict)
    } ifFalse: {
      walk(steps.dropFirst(), $0)
    }
  }

  private func append(_ place: CallCase, _ verdict: Verdict) {
    guard cases.count <= most else { return }
    var place = place
    place.verdict = verdict
    cases.append(place)
  }

  /// Cuts a case into parts in which a formula is true, or false.
  private func split(
    _ formula: WordFormula, _ place: CallCase,
    ifTrue: (CallCase) -> Void, ifFalse: (CallCase) -> Void
  ) {
    if cases.count > most { return }
    switch formula {
    case .constant(let truth): truth ? ifTrue(place) : ifFalse(place)
    case .test(let value, let set):
      for block in value.blocks(of: set) {
        if let inside = place.narrowed(value.word, block) { ifTrue(inside) }
      }
      for block in value.blocks(of: set.complement) {
        if let outside = place.narrowed(value.word, block) { ifFalse(outside) }
      }
    case .all(let parts):
      guard let part = parts.first else { return ifTrue(place) }
      split(part, place) {
        split(.all(Array(parts.dropFirst())), $0, ifTrue: ifTrue, ifFalse: ifFalse)
      } ifFalse: {
        ifFalse($0)
      }
    case .any(let parts):
      guard let part = parts.first else { return ifFalse(place) }
      split(part, place) {
        ifTrue($0)
      } ifFalse: {
        split(.any(Array(parts.dropFirst())), $0, ifTrue: ifTrue, ifFalse: ifFalse)
      }
    }
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
