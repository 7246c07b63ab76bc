import BPFAssembler
import Testing

@Suite struct TextTests {
  private func parse(_ text: String) throws(TextError) -> Program {
    try Program(text: Array(text.utf8))
  }

  private func error(_ text: [UInt8]) -> String? {
    do throws(TextError) {
      _ = try Program(text: text)
      return nil
    } catch {
      return error.description
    }
  }

  @Test func everyInstructionIsPrintedAndReadBack() throws {
    for instruction in sampleInstructions {
      // Enough around it to make it valid: slots written, room to jump, a return at the end.
      let slots = Instruction.Slot.all.map(Instruction.store)
      let rest: Int
      if case .jump(let distance) = instruction { rest = Int(distance) } else { rest = 255 }
      let padding = Array(repeating: Instruction.return(.accumulator), count: rest + 1)
      let lines = (rest > 4000 ? [] : slots) + [instruction] + padding
      guard let program = try? Program(lines) else {
        // Too long for its jump, or a division or shift that no program may contain.
        #expect(lines.count > Program.mostInstructions || refusal(of: lines.map(\.raw)) != nil)
        continue
      }
      #expect(try parse(program.text) == program)
    }
  }

  @Test func randomProgramsArePrintedAndReadBack() throws {
    var random = Seeded(3)
    for _ in 0..<500 {
      let program = try random.program()
      #expect(try parse(program.text) == program, "\(random.testDescription)")
    }
  }

  @Test func theLayoutIsFixed() throws {
    let program = try Program([
      .load(.data(.arch)), .branch(.equal, .constant(0xc000_003e), ifTrue: 0, ifFalse: 12),
      .load(.immediate(5)), .loadIndex(.length), .load(.length), .store(try slot(1)),
      .loadIndex(.scratch(try slot(1))), .storeIndex(try slot(15)), .copyToIndex, .negate,
      .arithmetic(.add, .constant(1)), .arithmetic(.and, .constant(0xffff)),
      .branch(.bitsSet, .index, ifTrue: 0, ifFalse: 0), .jump(0), .return(.accumulator),
    ])
    #expect(
      program.text == """
             ld [4]
             jeq #0xc000003e, l2, l14
        l2:  ld #5
             ldx #len
             ld #len
             st M[1]
             ldx M[1]
             stx M[15]
             tax
             neg
             add #1
             and #0xffff
             jset x, l13, l13
        l13: jmp l14
        l14: ret a

        """)
  }

  @Test func aliasesMeanTheSame() throws {
    let same: [(String, String)] = [
      ("ja go go: ret a", "jmp go go: ret a"),
      ("jne #1, go ret a go: ret a", "jeq #1, on, go on: ret a go: ret a"),
      ("jneq #1, go ret a go: ret a", "jeq #1, on, go on: ret a go: ret a"),
      ("jlt #1, go ret a go: ret a", "jge #1, on, go on: ret a go: ret a"),
      ("jle #1, go ret a go: ret a", "jgt #1, on, go on: ret a go: ret a"),
      ("jeq #1, go ret a go: ret a", "jeq #1, go, on on: ret a go: ret a"),
      ("jle %x, go ret a go: ret a", "jgt x, on, go on: ret a go: ret a"),
      ("ldi #9 ret a", "ld #9 ret a"), ("ldi 9 ret a", "ld #9 ret a"),
      ("ldxi 9 ret a", "ldx #9 ret a"), ("ldxi #9 ret a", "ldx #9 ret a"),
      ("ld len ret a", "ld #len ret a"), ("LDX LEN RET A", "ldx #len ret a"),
      ("add %x ret %a", "add x ret a"), ("St m[3] ret %A", "st M[3] ret a"),
    ]
    for (left, right) in same {
      #expect(try parse(left) == parse(right), "\(left)")
    }
  }

  @Test func numbersOfEveryBase() throws {
    let numbers: [(String, UInt32)] = [
      ("0", 0), ("7", 7), ("+7", 7), ("010", 8), ("0x10", 16), ("0XfF", 255), ("0b101", 5),
      ("-1", .max), ("-2147483648", 0x8000_0000), ("4294967295", .max), ("0xffffffff", .max),
    ]
    for (text, value) in numbers {
      #expect(try parse("ret #\(text)").instructions == [.return(.constant(value))], "\(text)")
    }
  }

  @Test func commentsAndLineEndsAreBlanks() throws {
    let text = "# a line\n; another\nld /* ; */ [0]\t; nr\n\n/* two\nlines */ go:\nret\n#0x5\n"
    // A '#' that begins a line begins a comment, so the number above is none.
    #expect(error(Array(text.utf8)) == "9:1: expected #number or a, found the end of the text")
    #expect(
      try parse("# a\n; b\nld /* ; */ [0] ; c\n/* d\n*/ go: ret\n #5 ; 6\n").text
        == "    ld [0]\n    ret #0x5\n")
  }

  @Test(arguments: [
    ("", "1:1: a program needs at least one instruction"),
    ("ld [0]\n", "1:1: instruction 0 is the last and must return"),
    ("\n  jump x", "2:3: expected an instruction, found 'jump'"),
    ("ld", "1:3: expected [offset], #number, M[slot] or #len, found the end of the text"),
    ("ld [x+4]", "1:5: expected an offset, 0, 4, ... 60, found 'x'"),
    ("ld [3]\nret a", "1:5: a load at offset 3 is refused; offsets are 0, 4, ... 60"),
    ("ld [64]", "1:5: a load at offset 64 is refused; offsets are 0, 4, ... 60"),
    ("ld [0 ret a", "1:7: expected ']', found 'ret'"),
    ("ldx [0]", "1:5: expected #number, M[slot] or #len, found '['"),
    ("st M[16]", "1:6: there is no scratch slot 16; they are 0 to 15"),
    ("st 3", "1:4: expected M[slot], found the number 3"),
    ("ret x", "1:5: expected #number or a, found 'x'"),
    ("ret %x", "1:6: expected 'a', found 'x'"),
    ("ret 5", "1:5: expected #number or a, found the number 5"),
    ("ret #", "1:6: expected a number, found the end of the text"),
    ("ret #4294967296", "1:6: the number does not fit into 32 bits"),
    ("ret #-2147483649", "1:6: the number does not fit into 32 bits"),
    ("ret #99999999999999999999999999", "1:6: the number does not fit into 32 bits"),
    ("ret #18446744073709551616", "1:6: the number does not fit into 32 bits"),
    ("ret #09", "1:7: expected an instruction or a label, found the number 9"),
    ("ret a !", "1:7: expected an instruction or operand, found '!'"),
    ("ret a\r\n", "1:6: expected an instruction or operand, found the byte 0xd"),
    ("ret a -x", "1:7: expected an instruction or operand, found '-'"),
    ("jmp l1 ret a", "1:5: there is no label 'l1'"),
    ("l1: ld [0]\njmp l1\nret a", "2:5: 'l1' is not further down; jumps only go forward"),
    ("l1: jmp l1 ret a", "1:9: 'l1' is not further down; jumps only go forward"),
    ("l1: ret a\nl1: ret a", "2:1: the label 'l1' is already taken"),
    ("l1: l2: ret a", "1:5: expected an instruction, found 'l2'"),
    ("l1:", "1:4: expected an instruction after the label, found the end of the text"),
    ("l: ret a", "1:1: a label needs at least two characters"),
    ("ld: ret a", "1:1: 'ld' means something else and cannot be a label"),
    ("mark: ret a", "1:1: 'mark' means something else and cannot be a label"),
    ("jeq #1 l1 ret a", "1:8: expected ',', found 'l1'"),
    ("jeq #1, 5", "1:9: expected a label, found the number 5"),
    ("jne #1, go, go go: ret a", "1:11: expected an instruction or a label, found ','"),
    ("jeq #1, ret", "1:9: expected a label, found 'ret'"),
    ("/* never", "1:1: expected */ to end this comment"),
    ("ldh [0]", "1:1: seccomp refuses 'ldh'"),
    ("mod #3", "1:1: seccomp refuses 'mod'"),
    (
      "ld M[2]\nret a", "1:1: instruction 0 reads scratch slot 2, which is not written on every way"
    ),
    ("ret a\n  div #0\nret a", "2:3: instruction 1 divides by 0"),
    ("lsh #32 ret a", "1:1: instruction 0 shifts by 32; 31 is the most"),
  ])
  func mistakesHaveAPlace(_ text: String, _ expected: String) {
    #expect(error(Array(text.utf8)) == expected)
  }

  @Test func aBranchReaches255AndNoFurther() throws {
    let padding = String(repeating: "ret a ", count: 255)
    #expect(try parse("jeq #1, go \(padding) go: ret a").instructions.count == 257)
    #expect(
      error(Array("jeq #1, go \(padding) ret a go: ret a".utf8))
        == "1:9: 'go' is 256 instructions away; a branch skips at most 255, use jmp")
  }

  @Test func aTextOfTooManyInstructionsIsRefusedWhereTheyBecomeTooMany() throws {
    let full = String(repeating: "ret a\n", count: 4096)
    #expect(try parse(full).instructions.count == 4096)
    #expect(
      error(Array((full + "ret a\n").utf8))
        == "4097:1: a program has at most 4096 instructions, this one 4097")
  }

  @Test func noBytesTrapTheParser() throws {
    var random = Seeded(4)
    let words = [
      "ld", "[", "]", "0", "64", "#", "x", "a", "M", "jeq", ",", "l1", ":", "ret", "-",
      "/*", "*/", ";", "\n", "%", "len", "0x", "\u{e9}", "jmp", "4294967296", "st", "+", " ",
    ]
    for _ in 0..<3000 {
      var text: [UInt8] = []
      for _ in 0..<Int.random(in: 0...30, using: &random) {
        if random.once(in: 8) {
          text.append(UInt8.random(in: 0 ... .max, using: &random))
        } else {
          text += Array((random.pick(words) + random.pick(["", " "])).utf8)
        }
      }
      guard let program = try? Program(text: text) else { continue }
      #expect(try parse(program.text) == program)
    }
    for _ in 0..<300 {
      var text = try Array(random.program().text.utf8)
      for _ in 0..<3 {
        text[Int.random(in: 0..<text.count, using: &random)] = UInt8.random(
          in: 0...127, using: &random)
      }
      guard let program = try? Program(text: text) else { continue }
      #expect(try parse(program.text) == program)
    }
  }
}
