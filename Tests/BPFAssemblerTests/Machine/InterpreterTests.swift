import BPFAssembler
import Testing

@Suite struct InterpreterTests {
  private let nothing = SeccompData(nr: 0, arch: 0)

  @Test(arguments: machineCases)
  func theMachineOfTheManual(_ example: MachineCase) throws {
    #expect(try example.program().run(nothing) == example.result ?? 0)
  }

  @Test func everyWordIsLoadedFromItsPlace() throws {
    for word in SeccompData.Word.all {
      var data = nothing
      data[word] = 0xcafe_0000 | word.offset
      for other in SeccompData.Word.all {
        let program = try Program([.load(.data(other)), .return(.accumulator)])
        #expect(program.run(data) == (other == word ? 0xcafe_0000 | word.offset : 0))
      }
    }
  }

  @Test func theObserverSeesTheWayThatIsTaken() throws {
    let program = try Program(
      text: Array("ld [0] jeq #1, l4 add #1 jmp l5 l4: sub #1 l5: ret a".utf8))
    for (nr, expected) in [(1, [0, 1, 4, 5]), (2, [0, 1, 2, 3, 5])] as [(UInt32, [Int])] {
      var way: [Int] = []
      _ = program.run(SeccompData(nr: nr, arch: 0)) { way.append($0) }
      #expect(way == expected)
    }
  }

  @Test func aDivisionByZeroIsTheLastThingSeen() throws {
    var way: [Int] = []
    let program = try Program(text: Array("ld #1 div x ret #5".utf8))
    #expect(program.run(nothing) { way.append($0) } == 0)
    #expect(way == [0, 1])
  }

  @Test func whatMakesAnswersVisibleKeepsThem() throws {
    var random = Seeded(1)
    for _ in 0..<300 {
      let program = try random.program()
      let shown = try visible(program)
      for call in visibleCalls(random.call()) {
        var endsEarly = true
        let value = program.run(call) {
          if case .return = program.instructions[$0] { endsEarly = false }
        }
        let expected = prediction(endsEarly ? nil : value, call)
        #expect(prediction(shown, call) == expected, "\(random.testDescription)\n\(program.text)")
      }
    }
  }
}
