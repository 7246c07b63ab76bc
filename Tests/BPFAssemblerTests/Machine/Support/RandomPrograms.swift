import BPFAssembler

/// Makes valid programs that use the whole machine.
extension Seeded {
  mutating func program() throws(VerifierError) -> Program {
    let length = once(in: 8) ? Int.random(in: 300...900, using: &self) : 2 + below(40)
    var instructions: [Instruction] = (1..<length).map { instruction(followedBy: length - $0) }
    instructions.append(result())
    // A slot that is read too early is written there instead; each round repairs one place.
    while true {
      do throws(VerifierError) {
        return try Program(instructions)
      } catch {
        guard case .unwrittenSlot(let slot) = error.reason else { throw error }
        instructions[error.index] = .store(slot)
      }
    }
  }

  private mutating func below(_ limit: Int) -> Int { Int.random(in: 0..<limit, using: &self) }

  private mutating func instruction(followedBy rest: Int) -> Instruction {
    switch below(24) {
    case 0...3: .load(.data(pick(SeccompData.Word.all)))
    case 4: .load(.immediate(word()))
    case 5: .load(.scratch(pick(Instruction.Slot.all)))
    case 6: once(in: 2) ? .load(.length) : .loadIndex(.length)
    case 7: .loadIndex(.immediate(word()))
    case 8: .loadIndex(.scratch(pick(Instruction.Slot.all)))
    case 9, 10: .store(pick(Instruction.Slot.all))
    case 11: .storeIndex(pick(Instruction.Slot.all))
    case 12...15: arithmetic()
    case 16: .negate
    case 17: .copyToIndex
    case 18: .copyFromIndex
    case 19: .jump(UInt32(below(once(in: 3) ? rest : min(rest, 4))))
    case 20 where once(in: 4): result()
    default:
      .branch(
        pick(Instruction.Test.allCases), operand(),
        ifTrue: UInt8(below(min(rest, once(in: 4) ? 256 : 4))),
        ifFalse: UInt8(below(min(rest, once(in: 4) ? 256 : 4))))
    }
  }

  private mutating func operand() -> Instruction.Operand {
    once(in: 2) ? .index : .constant(word())
  }

  private mutating func arithmetic() -> Instruction {
    let operation = pick(Instruction.Operation.allCases)
    switch (operation, operand()) {
    case (.shiftLeft, .constant(let count)), (.shiftRight, .constant(let count)):
      return .arithmetic(operation, .constant(count % 32))
    case (.divide, .constant(let divisor)):
      return .arithmetic(operation, .constant(max(divisor, 1)))
    // X is often 0, and a program that ends early tells little.
    case (.divide, .index) where !once(in: 4):
      return .arithmetic(.subtract, .index)
    case (_, let operand):
      return .arithmetic(operation, operand)
    }
  }

  private mutating func result() -> Instruction {
    once(in: 4) ? .return(.constant(word())) : .return(.accumulator)
  }
}

extension Seeded {
  /// A call that a child can make without harm, since a visible program answers every call.
  mutating func call() -> SeccompData {
    let nr = pick([
      0, 39, 0x4000_0027, 0x7fff_ffff, 0xffff_ffff, UInt32.random(in: 0 ... .max, using: &self),
    ])
    return Kernel.call(nr: nr, (0..<6).map { _ in UInt64(word()) << 32 | UInt64(word()) })
  }
}
