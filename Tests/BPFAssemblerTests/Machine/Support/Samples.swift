import BPFAssembler

/// Every shape of instruction, with operands at their limits.
let sampleInstructions: [Instruction] = {
  var samples: [Instruction] = [
    .load(.length), .loadIndex(.length), .negate, .copyToIndex, .copyFromIndex,
    .return(.accumulator), .jump(0), .jump(1), .jump(4095),
  ]
  samples += SeccompData.Word.all.map { .load(.data($0)) }
  for slot in Instruction.Slot.all {
    samples += [.load(.scratch(slot)), .loadIndex(.scratch(slot)), .store(slot), .storeIndex(slot)]
  }
  for value in boundaryWords {
    samples += [.load(.immediate(value)), .loadIndex(.immediate(value)), .return(.constant(value))]
  }
  for operand in [.index] + boundaryWords.map(Instruction.Operand.constant) {
    samples += Instruction.Operation.allCases.map { .arithmetic($0, operand) }
    for test in Instruction.Test.allCases {
      for (ifTrue, ifFalse) in [(0, 0), (0, 1), (1, 0), (255, 254), (254, 255)] as [(UInt8, UInt8)]
      {
        samples.append(.branch(test, operand, ifTrue: ifTrue, ifFalse: ifFalse))
      }
    }
  }
  return samples
}()

/// The operation codes that seccomp(2) accepts, as probed on Linux 6.18 and written down by hand:
/// nothing in the sources generates this list.
let acceptedCodes: [UInt16] = [
  0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x0c, 0x14, 0x15, 0x16, 0x1c, 0x1d, 0x20, 0x24,
  0x25, 0x2c, 0x2d, 0x34, 0x35, 0x3c, 0x3d, 0x44, 0x45, 0x4c, 0x4d, 0x54, 0x5c, 0x60, 0x61, 0x64,
  0x6c, 0x74, 0x7c, 0x80, 0x81, 0x84, 0x87, 0xa4, 0xac,
]

/// What the verifier says, as a value that tests can compare.
func refusal(of raw: [RawInstruction]) -> VerifierError? {
  do throws(VerifierError) {
    try Verifier.check(raw)
    return nil
  } catch {
    return error
  }
}

/// A slot by a number that is known to be good.
func slot(_ index: Int) throws(NoSuchSlot) -> Instruction.Slot {
  guard let slot = Instruction.Slot(index) else { throw NoSuchSlot(index: index) }
  return slot
}

struct NoSuchSlot: Error { let index: Int }
