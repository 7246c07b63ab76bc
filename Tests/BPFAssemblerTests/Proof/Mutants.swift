import BPFAssembler

/// Programs that differ from a right one in a single place, as mistakes of a compiler would.
struct Mutants {
  let program: Program

  /// What was done to which instruction.
  struct Mutant {
    let program: Program
    let description: String

    /// The change as data: the first instruction that differs, how many stood there, and the bytes
    /// of those that stand there now.
    func change(from original: Program) -> String {
      let old = original.instructions
      let new = program.instructions
      let before = zip(old, new).prefix { $0.0 == $0.1 }.count
      let after = Swift.min(
        zip(old.reversed(), new.reversed()).prefix { $0.0 == $0.1 }.count,
        Swift.min(old.count, new.count) - before)
      let bytes = program.bytes[(before * 8)..<((new.count - after) * 8)]
      let digits = bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
      return "\(before)\t\(old.count - before - after)\t\(digits)"
    }
  }

  /// Every mutant that the verifier takes.
  func forEach(_ body: (Mutant) -> Void) {
    let original = program.instructions
    func consider(_ instructions: [Instruction], _ description: String) {
      guard instructions != original, let program = try? Program(instructions) else { return }
      body(Mutant(program: program, description: description))
    }
    for (index, instruction) in original.enumerated() {
      var shorter = original
      shorter.remove(at: index)
      consider(shorter, "\(index) dropped")
      consider(Self.retargeted(original, at: index, by: -1), "\(index) dropped, jumps kept")
      var longer = original
      longer.insert(instruction, at: index)
      consider(longer, "\(index) twice")
      consider(Self.retargeted(original, at: index, by: 1), "\(index) twice, jumps kept")
      for (other, place) in [(index + 1, "next"), (index + 2, "next but one")]
      where other < original.count {
        var swapped = original
        swapped.swapAt(index, other)
        consider(swapped, "\(index) and the \(place) swapped")
      }
      for replacement in Self.variants(of: instruction) {
        var changed = original
        changed[index] = replacement
        consider(changed, "\(index): \(instruction) became \(replacement)")
      }
    }
  }

  /// Drops or doubles an instruction and keeps every other jump on its target.
  private static func retargeted(
    _ original: [Instruction], at place: Int, by change: Int
  ) -> [Instruction] {
    var result: [Instruction] = []
    func crosses(_ index: Int, _ distance: Int) -> Bool {
      index < place && index + 1 + distance > place
    }
    func fit(_ index: Int, _ distance: UInt8) -> UInt8 {
      crosses(index, Int(distance)) ? UInt8(clamping: Int(distance) + change) : distance
    }
    for (index, instruction) in original.enumerated() {
      if index == place, change < 0 { continue }
      switch instruction {
      case .branch(let test, let operand, let ifTrue, let ifFalse):
        result.append(
          .branch(test, operand, ifTrue: fit(index, ifTrue), ifFalse: fit(index, ifFalse)))
      case .jump(let distance):
        let fitted = Int(distance) + (crosses(index, Int(distance)) ? change : 0)
        result.append(.jump(UInt32(clamping: fitted)))
      case .load, .loadIndex, .store, .storeIndex, .arithmetic, .negate, .copyToIndex,
        .copyFromIndex, .return:
        result.append(instruction)
      }
      if index == place, change > 0 { result.append(instruction) }
    }
    return result
  }
}

extension Mutants {
  private static func variants(of instruction: Instruction) -> [Instruction] {
    let common: [Instruction] = [
      .return(.constant(0x7fff_0000)), .return(.constant(0x0005_000d)), .return(.accumulator),
      .jump(0), .jump(1), .negate, .load(.immediate(0)), .load(.length), .copyFromIndex,
    ]
    return common + specific(instruction)
  }

  private static func specific(_ instruction: Instruction) -> [Instruction] {
    switch instruction {
    case .load:
      return SeccompData.Word.all.map { .load(.data($0)) }
    case .branch(let test, .constant(let k), let yes, let no):
      var variants = constants(near: k).map {
        Instruction.branch(test, .constant($0), ifTrue: yes, ifFalse: no)
      }
      variants += Instruction.Test.allCases.map {
        .branch($0, .constant(k), ifTrue: yes, ifFalse: no)
      }
      variants += [yes &+ 1, yes &- 1, 0].map {
        .branch(test, .constant(k), ifTrue: $0, ifFalse: no)
      }
      variants += [no &+ 1, no &- 1, 0].map {
        .branch(test, .constant(k), ifTrue: yes, ifFalse: $0)
      }
      variants.append(.branch(test, .constant(k), ifTrue: no, ifFalse: yes))
      variants.append(.branch(test, .index, ifTrue: yes, ifFalse: no))
      return variants
    case .return(.constant(let k)):
      let answers: [UInt32] = [
        0, 0x8000_0000, 0x0003_0000, 0x0005_0001, 0x0005_0026, 0x7fc0_0000, 0x7ff0_0000,
        0x7ffc_0000,
      ]
      return (constants(near: k) + answers).map { .return(.constant($0)) }
    case .arithmetic(let operation, .constant(let k)):
      return constants(near: k).map { .arithmetic(operation, .constant($0)) }
        + Instruction.Operation.allCases.map { .arithmetic($0, .constant(k)) }
    case .jump(let distance):
      return [.jump(distance &+ 1), .jump(distance &- 1)]
    case .return(.accumulator), .branch(_, .index, _, _), .arithmetic(_, .index), .loadIndex,
      .store, .storeIndex, .negate, .copyToIndex, .copyFromIndex:
      return []
    }
  }

  private static func constants(near k: UInt32) -> [UInt32] {
    [k &+ 1, k &- 1, ~k, k.byteSwapped] + (0..<32 as Range<UInt32>).map { k ^ 1 << $0 }
  }
}
