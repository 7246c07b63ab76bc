import BPFAssembler
import Testing

@Suite struct SeccompDataTests {
  let arguments: [UInt64] = [
    0x0000_0000_f000_0000, 0x0000_0100_f000_0001, 0x0000_0200_f000_0002,
    0x0000_0300_f000_0003, 0x0000_0400_f000_0004, 0x0000_0500_f000_0005,
  ]
  var data: SeccompData {
    SeccompData(
      nr: 0x0101_0101, arch: 0x0202_0202, instructionPointer: 0x0303_0303_0404_0404,
      arguments: arguments)
  }

  @Test func everyWordLiesWhereTheKernelPutsIt() {
    // linux/seccomp.h: nr @0, arch @4, instruction_pointer @8, args[6] @16.
    var words: [UInt32] = [0x0101_0101, 0x0202_0202, 0x0404_0404, 0x0303_0303]
    for argument: UInt32 in 0..<6 { words += [0xf000_0000 | argument, argument << 8] }
    #expect(SeccompData.Word.all.map { data.value(of: $0) } == words)
    #expect(SeccompData.Word.all.map(\.offset) == (0..<16).map { $0 * 4 })
  }

  @Test func fieldsReadBackWhole() {
    #expect(data.nr == 0x0101_0101)
    #expect(data.arch == 0x0202_0202)
    #expect(data.instructionPointer == 0x0303_0303_0404_0404)
    #expect(data.arguments == arguments)
  }

  @Test func missingArgumentsAreZeroAndFurtherOnesAreIgnored() {
    #expect(SeccompData(nr: 1, arch: 2, arguments: [7]).arguments == [7, 0, 0, 0, 0, 0])
    let seven = SeccompData(nr: 1, arch: 2, arguments: [1, 2, 3, 4, 5, 6, 7])
    #expect(seven.arguments == [1, 2, 3, 4, 5, 6])
    #expect(seven.nr == 1 && seven.arch == 2 && seven.instructionPointer == 0)
  }

  @Test func aFieldIsSetWithoutItsNeighbours() {
    for argument in SeccompData.Argument.allCases {
      var changed = data
      changed[argument] = .max
      var expected = data.arguments
      expected[Int(argument.rawValue)] = .max
      #expect(changed.arguments == expected)
      #expect(changed.instructionPointer == data.instructionPointer)
    }
  }

  @Test func wordsAreFoundByOffsetAndByArgument() {
    #expect((0...80).compactMap { SeccompData.Word(offset: $0) } == SeccompData.Word.all)
    #expect(SeccompData.Word(offset: .max) == nil)
    #expect(
      (-1...6).map { SeccompData.Word.low(argument: $0)?.offset }
        == [nil, 16, 24, 32, 40, 48, 56, nil])
    #expect(
      (-1...6).map { SeccompData.Word.high(argument: $0)?.offset }
        == [nil, 20, 28, 36, 44, 52, 60, nil])
    #expect(SeccompData.Word.low(argument: 256) == nil)
    #expect(SeccompData.Word.all == SeccompData.Word.all.sorted())
  }

  @Test func wordsAreNamedAsInC() {
    #expect(
      SeccompData.Word.all.map(\.description) == [
        "nr", "arch", "instruction_pointer", "instruction_pointer >> 32",
        "args[0]", "args[0] >> 32", "args[1]", "args[1] >> 32", "args[2]", "args[2] >> 32",
        "args[3]", "args[3] >> 32", "args[4]", "args[4] >> 32", "args[5]", "args[5] >> 32",
      ])
  }
}
