import BPFAssembler

/// A program and the number it must return, worked out by hand from the manual of the machine.
///
/// `InterpreterTests` asks our machine, `KernelTests` the kernel's.
struct MachineCase: Sendable, CustomStringConvertible {
  let name: String
  /// Source text, so that the case reads like the manual.
  let text: String
  /// What is returned; nil where a division by 0 ends the program.
  let result: UInt32?

  var description: String { name }

  func program() throws(TextError) -> Program { try Program(text: Array(text.utf8)) }

  init(_ name: String, _ text: String, _ result: UInt32?) {
    self.name = name
    self.text = text
    self.result = result
  }
}

private func lines(_ count: Int, _ line: String) -> String {
  String(repeating: line + "\n", count: count)
}

let machineCases: [MachineCase] = [
  MachineCase("A starts as 0", "ret a", 0),
  MachineCase("X starts as 0", "ld #7 txa ret a", 0),
  MachineCase("a constant is returned whole", "ret #0xfedcba98", 0xfedc_ba98),
  MachineCase("tax is X <- A", "ld #5 ldx #7 tax ld #0 txa ret a", 5),
  MachineCase("tax leaves A", "ld #5 ldx #7 tax ret a", 5),
  MachineCase("txa is A <- X", "ld #5 ldx #7 txa ret a", 7),
  MachineCase("txa leaves X", "ld #5 ldx #7 txa add x ret a", 14),
  MachineCase("the length in A", "ld #len ret a", 64),
  MachineCase("the length in X", "ldx #len txa ret a", 64),
  MachineCase("negation", "ld #1 neg ret a", 0xffff_ffff),
  MachineCase("negation of 0", "neg ret a", 0),
  MachineCase("negation of the least", "ld #0x80000000 neg ret a", 0x8000_0000),
  MachineCase("addition wraps", "ld #0xffffffff add #2 ret a", 1),
  MachineCase("subtraction wraps", "ld #1 sub #2 ret a", 0xffff_ffff),
  MachineCase("multiplication wraps", "ld #0x10001 mul #0x10001 ret a", 0x0002_0001),
  MachineCase("division is unsigned", "ld #0xfffffffe div #2 ret a", 0x7fff_ffff),
  MachineCase("division by X is unsigned", "ld #0xfffffffe ldx #0xffffffff div x ret a", 0),
  MachineCase("division by an X of 0 ends", "ld #9 ldx #0 div x ret #0x11", nil),
  MachineCase("division of 0 by an X of 0 ends", "div x ret #0x11", nil),
  MachineCase("shift left by X 31", "ld #3 ldx #31 lsh x ret a", 0x8000_0000),
  MachineCase("shift left by X 32", "ld #3 ldx #32 lsh x ret a", 3),
  MachineCase("shift left by X 33", "ld #3 ldx #33 lsh x ret a", 6),
  MachineCase("shift left by all of X", "ld #3 ldx #0xffffffff lsh x ret a", 0x8000_0000),
  MachineCase("shift right by X 31", "ld #0xc0000000 ldx #31 rsh x ret a", 1),
  MachineCase("shift right by X 32", "ld #0xc0000000 ldx #32 rsh x ret a", 0xc000_0000),
  MachineCase("shift right by X 33", "ld #0xc0000000 ldx #33 rsh x ret a", 0x6000_0000),
  MachineCase("shift right brings zeros", "ld #0x80000000 rsh #4 ret a", 0x0800_0000),
  MachineCase("shift by 31", "ld #0xffffffff lsh #31 ret a", 0x8000_0000),
  MachineCase("or", "ld #0x0ff0 or #0xf00f ret a", 0xffff),
  MachineCase("and", "ld #0x0ff0 and #0xff00 ret a", 0x0f00),
  MachineCase("xor", "ld #0x0ff0 xor #0xffff ret a", 0xf00f),
  MachineCase("slots are apart", "ld #1 st M[0] ld #2 st M[15] ld M[0] ret a", 1),
  MachineCase("slots from X and into X", "ldx #6 stx M[7] ldx #0 ldx M[7] txa ret a", 6),
  MachineCase("jeq true", "ld #3 jeq #3, l1, l2 l1: ret #1 l2: ret #2", 1),
  MachineCase("jeq false", "ld #4 jeq #3, l1, l2 l1: ret #1 l2: ret #2", 2),
  MachineCase("jgt is not for equals", "ld #3 jgt #3, l1, l2 l1: ret #1 l2: ret #2", 2),
  MachineCase("jgt is unsigned", "ld #0x80000000 jgt #3, l1, l2 l1: ret #1 l2: ret #2", 1),
  MachineCase("jge is for equals", "ld #3 jge #3, l1, l2 l1: ret #1 l2: ret #2", 1),
  MachineCase("jge is unsigned", "ld #0xffffffff jge #1, l1, l2 l1: ret #1 l2: ret #2", 1),
  MachineCase("jset needs one bit", "ld #6 jset #12, l1, l2 l1: ret #1 l2: ret #2", 1),
  MachineCase("jset without a bit", "ld #6 jset #9, l1, l2 l1: ret #1 l2: ret #2", 2),
  MachineCase("jset of the top bit", "ld #-1 jset #0x80000000, l1, l2 l1: ret #1 l2: ret #2", 1),
  MachineCase("jlt", "ld #2 jlt #3, l1 ret #2 l1: ret #1", 1),
  MachineCase("jlt is not for equals", "ld #3 jlt #3, l1 ret #2 l1: ret #1", 2),
  MachineCase("jle is for equals", "ld #3 jle #3, l1 ret #2 l1: ret #1", 1),
  MachineCase("jne", "ld #3 jne #3, l1 ret #2 l1: ret #1", 2),
  MachineCase("compare with X", "ld #3 ldx #3 jeq x, l1, l2 l1: ret #1 l2: ret #2", 1),
  MachineCase("compare with X above", "ld #3 ldx #4 jge x, l1, l2 l1: ret #1 l2: ret #2", 2),
  MachineCase("255 to true", "jeq #0, l1 \(lines(255, "add #1")) l1: ret a", 0),
  MachineCase("255 to false", "jne #1, l1 \(lines(255, "add #1")) l1: ret a", 0),
  MachineCase("254 of 255", "jeq #0, l1 add #1 l1: \(lines(254, "add #1")) ret a", 254),
  MachineCase("a long jump", "jmp l1 \(lines(4000, "add #1")) l1: add #5 ret a", 5),
  MachineCase("a long walk", "\(lines(4000, "add #3")) ret a", 12000),
]
