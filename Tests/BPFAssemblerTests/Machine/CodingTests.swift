import BPFAssembler
import Testing

@Suite struct CodingTests {
  @Test func theAcceptedCodesDecodeAndNoOthers() throws {
    // With every field 0 each code is canonical.
    let decodable = (0...UInt16.max).filter { (try? Instruction(RawInstruction(code: $0))) != nil }
    #expect(decodable == acceptedCodes)
    #expect(acceptedCodes.count == 41)
  }

  @Test(arguments: [
    RawInstruction(code: 0), RawInstruction(code: 0, k: 4), RawInstruction(code: 0, k: 60),
    RawInstruction(code: 0, jt: 1), RawInstruction(code: 0, jf: 1),
    RawInstruction(code: 0, jt: 255, jf: 255, k: .max), RawInstruction(code: 0, k: 1),
  ])
  func whateverDecodesEncodesToTheSameBytes(_ fields: RawInstruction) {
    var decoded = 0
    for code in 0...UInt16.max {
      var raw = fields
      raw.code = code
      guard let instruction = try? Instruction(raw) else { continue }
      #expect(instruction.raw == raw)
      decoded += 1
    }
    #expect((4...41).contains(decoded))
  }

  @Test func everyInstructionSurvivesItsEncoding() throws {
    for instruction in sampleInstructions {
      #expect(try Instruction(instruction.raw) == instruction)
      #expect(try Instruction(ignoringUnusedFieldsOf: instruction.raw) == instruction)
    }
    #expect(Set(sampleInstructions.map(\.raw.code)) == Set(acceptedCodes))
  }

  @Test func unusedFieldsMustBeZeroThoughTheKernelDoesNotMind() throws {
    let isBranch: (UInt16) -> Bool = { $0 & 7 == 5 && $0 != 5 }
    let usesConstant: (UInt16) -> Bool = {
      ![0x80, 0x81, 0x84, 0x07, 0x87, 0x16].contains($0)
        && !($0 & 8 != 0 && [4, 5].contains($0 & 7))
    }
    for code in acceptedCodes {
      var spoilt: [RawInstruction] = []
      if !isBranch(code) {
        spoilt += [RawInstruction(code: code, jt: 1), RawInstruction(code: code, jf: 1)]
      }
      if !usesConstant(code) { spoilt.append(RawInstruction(code: code, k: 1)) }
      for raw in spoilt {
        #expect(throws: Instruction.DecodingError.unusedFieldNotZero(raw)) { try Instruction(raw) }
        #expect(
          try Instruction(ignoringUnusedFieldsOf: raw) == Instruction(RawInstruction(code: code)))
      }
    }
  }

  @Test func slotsAndOffsetsEndWhereTheKernelsDo() {
    for code: UInt16 in [0x02, 0x03, 0x60, 0x61] {
      #expect((try? Instruction(RawInstruction(code: code, k: 15))) != nil)
      for k: UInt32 in [16, .max] {
        #expect(throws: Instruction.DecodingError.noSuchSlot(k)) {
          try Instruction(RawInstruction(code: code, k: k))
        }
      }
    }
    for k: UInt32 in 0...70 {
      let isWord = k < 64 && k % 4 == 0
      #expect(((try? Instruction(RawInstruction(code: 0x20, k: k))) != nil) == isWord)
    }
    #expect(throws: Instruction.DecodingError.unreadableOffset(.max)) {
      try Instruction(RawInstruction(code: 0x20, k: .max))
    }
  }

  @Test func bytesAreLittleEndianBothWays() throws {
    let raw = RawInstruction(code: 0x1234, jt: 0x56, jf: 0x78, k: 0x9abc_def0)
    let bytes: [UInt8] = [0x34, 0x12, 0x56, 0x78, 0xf0, 0xde, 0xbc, 0x9a]
    #expect(raw.bytes == bytes)
    #expect(try RawInstruction.decode(bytes + bytes) == [raw, raw])
    #expect(try RawInstruction.decode([]) == [])
  }

  @Test(arguments: 0...24)
  func anIncompleteInstructionIsAnError(_ count: Int) {
    let bytes = [UInt8](repeating: 0, count: count)
    if count % 8 == 0 {
      #expect((try? RawInstruction.decode(bytes).count) == count / 8)
    } else {
      let error = RawInstruction.PartialInstruction(offset: count / 8 * 8, count: count % 8)
      #expect(throws: error) { try RawInstruction.decode(bytes) }
    }
  }
}
