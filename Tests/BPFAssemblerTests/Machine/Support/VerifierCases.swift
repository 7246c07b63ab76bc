import BPFAssembler

/// A program and what the verifier must say; `VerifierTests` asks ours, `KernelTests` the kernel.
struct VerifierCase: Sendable, CustomStringConvertible {
  let name: String
  let program: [RawInstruction]
  /// The position of the fault and a word of its description; nil where the program is good.
  let fault: (index: Int, word: String)?

  var description: String { name }

  static func good(_ name: String, _ program: [RawInstruction]) -> VerifierCase {
    VerifierCase(name: name, program: program, fault: nil)
  }

  static func bad(
    _ name: String, at index: Int, _ word: String, _ program: [RawInstruction]
  ) -> VerifierCase {
    VerifierCase(name: name, program: program, fault: (index, word))
  }
}

private typealias Raw = RawInstruction
private let allow = RawInstruction(code: 0x06, k: 0x7fff_0000)

private func allows(_ count: Int) -> [RawInstruction] { Array(repeating: allow, count: count) }

let verifierCases: [VerifierCase] =
  [
    lengthCases, lastCases, shiftCases, constantCases, wordCases, loadCases, branchCases, jumpCases,
    slotCases, noSlotCases, wayCases, junkFieldCases, junkConstantCases,
  ].flatMap { $0 }

private let lengthCases: [VerifierCase] = [
  .bad("no instructions", at: 0, "at least one", []),
  .good("one instruction", allows(1)),
  .good("4095 instructions", allows(4095)),
  .good("4096 instructions", allows(4096)),
  .bad("4097 instructions", at: 4096, "at most 4096", allows(4097)),
]

private let lastCases: [VerifierCase] =
  ([0x00, 0x02, 0x04, 0x07, 0x20, 0x80, 0x84] as [UInt16]).map { (code: UInt16) -> VerifierCase in
    .bad("last is code \(code)", at: 1, "must return", [allow, Raw(code: code)])
  }

private let shiftCases: [VerifierCase] =
  ([0x64, 0x74] as [UInt16]).flatMap { (code: UInt16) -> [VerifierCase] in
    [
      .good("code \(code) by 0", [Raw(code: code, k: 0), allow]),
      .good("code \(code) by 31", [Raw(code: code, k: 31), allow]),
      .bad("code \(code) by 32", at: 0, "shifts by 32", [Raw(code: code, k: 32), allow]),
      .bad("code \(code) by 33", at: 0, "shifts by 33", [Raw(code: code, k: 33), allow]),
      .bad(
        "code \(code) by all", at: 0, "shifts by 4294967295", [Raw(code: code, k: .max), allow]),
    ]
  }

private let constantCases: [VerifierCase] = [
  .good("last returns A", [Raw(code: 0x16)]),
  .bad("division by 0", at: 0, "divides by 0", [Raw(code: 0x34, k: 0), allow]),
  .bad("division by 0, unreachable", at: 1, "divides by 0", [allow, Raw(code: 0x34), allow]),
  .good("division by 1", [Raw(code: 0x34, k: 1), allow]),
  .good("division by X with k 0", [Raw(code: 0x3c, k: 0), allow]),
  .good("shift by X with k 32", [Raw(code: 0x6c, k: 32), allow]),
  .good("multiplication by 0", [Raw(code: 0x24, k: 0), allow]),
  .bad("modulo", at: 0, "operation code 0x94", [Raw(code: 0x94, k: 1), allow]),
  .bad("modulo X", at: 0, "operation code 0x9c", [Raw(code: 0x9c), allow]),
  .bad("return X", at: 0, "operation code 0xe", [Raw(code: 0x0e)]),
  .bad("code above a byte", at: 0, "operation code 0x106", [Raw(code: 0x106), allow]),
]

private let wordCases: [VerifierCase] =
  (0...68).map { (offset: UInt32) -> VerifierCase in
    let load = [Raw(code: 0x20, k: offset), allow]
    return offset % 4 == 0 && offset < 64
      ? .good("load at \(offset)", load) : .bad("load at \(offset)", at: 0, "refused", load)
  }

private let loadCases: [VerifierCase] = [
  .bad("load at the end", at: 0, "refused", [Raw(code: 0x20, k: .max), allow]),
  .bad("ancillary load", at: 0, "refused", [Raw(code: 0x20, k: 0xffff_f000), allow]),
  .bad("half-word load", at: 0, "operation code 0x28", [Raw(code: 0x28), allow]),
  .bad("byte load", at: 0, "operation code 0x30", [Raw(code: 0x30), allow]),
  .bad("indirect load", at: 0, "operation code 0x40", [Raw(code: 0x40), allow]),
  .bad("header length load", at: 0, "operation code 0xb1", [Raw(code: 0xb1), allow]),
  .good("length with k not 0", [Raw(code: 0x80, k: 9), allow]),
]

private let branchCases: [VerifierCase] =
  ([0x15, 0x1d, 0x25, 0x2d, 0x35, 0x3d, 0x45, 0x4d] as [UInt16]).flatMap {
    (code: UInt16) -> [VerifierCase] in
    [
      .good("branch \(code) to the last", [Raw(code: code, jt: 1, jf: 1)] + allows(2)),
      .bad("branch \(code) out if true", at: 0, "skips 2", [Raw(code: code, jt: 2)] + allows(2)),
      .bad("branch \(code) out if false", at: 0, "skips 2", [Raw(code: code, jf: 2)] + allows(2)),
      .good("branch \(code) over 255", [Raw(code: code, jt: 255, jf: 255)] + allows(256)),
      .bad(
        "branch \(code) over 255 of 255", at: 0, "skips 255",
        [Raw(code: code, jt: 255)] + allows(255)),
    ]
  }

private let jumpCases: [VerifierCase] = [
  .good("jump to the next", [Raw(code: 0x05, k: 0), allow]),
  .bad("jump to the end", at: 0, "skips 1", [Raw(code: 0x05, k: 1), allow]),
  .good("jump over 4094", [Raw(code: 0x05, k: 4094)] + allows(4095)),
  .bad("jump over 4095", at: 0, "skips 4095", [Raw(code: 0x05, k: 4095)] + allows(4095)),
  .bad("jump to itself", at: 0, "skips 4294967295", [Raw(code: 0x05, k: .max), allow]),
  .bad("jump back", at: 1, "skips 4294967294", [allow, Raw(code: 0x05, k: .max - 1), allow]),
  .bad("jump by 2^31", at: 0, "skips 2147483648", [Raw(code: 0x05, k: 1 << 31), allow]),
  .bad("last is a jump", at: 1, "skips 0", [allow, Raw(code: 0x05)]),
  .bad("last is a branch", at: 1, "skips 0", [allow, Raw(code: 0x15)]),
  .bad("unreachable jump out", at: 1, "skips 1", [allow, Raw(code: 0x05, k: 1), allow]),
]

private let slotCases: [VerifierCase] =
  (0..<16).flatMap { (slot: UInt32) -> [VerifierCase] in
    [
      .good(
        "slot \(slot) stored and loaded",
        [Raw(code: 0x02, k: slot), Raw(code: 0x60, k: slot), allow]),
      .good("slot \(slot) by X", [Raw(code: 0x03, k: slot), Raw(code: 0x61, k: slot), allow]),
      .bad("slot \(slot) never stored", at: 0, "slot \(slot),", [Raw(code: 0x60, k: slot), allow]),
      .bad("slot \(slot) not in X", at: 0, "slot \(slot),", [Raw(code: 0x61, k: slot), allow]),
      .bad(
        "slot \(slot), the next stored", at: 1, "slot \(slot),",
        [Raw(code: 0x02, k: (slot + 1) % 16), Raw(code: 0x60, k: slot), allow]),
    ]
  }

private let noSlotCases: [VerifierCase] =
  ([0x02, 0x03, 0x60, 0x61] as [UInt16]).flatMap { (code: UInt16) -> [VerifierCase] in
    ([16, 17, 32, .max] as [UInt32]).map { (slot: UInt32) -> VerifierCase in
      .bad(
        "code \(code) slot \(slot)", at: 0, "no scratch slot", [Raw(code: code, k: slot), allow])
    }
  }

private let wayCases: [VerifierCase] = [
  .bad(
    "stored only if true", at: 2, "slot 3,",
    [Raw(code: 0x15, jt: 0, jf: 1), Raw(code: 0x02, k: 3), Raw(code: 0x60, k: 3), allow]),
  .bad(
    "stored only if false", at: 2, "slot 3,",
    [Raw(code: 0x15, jt: 1, jf: 0), Raw(code: 0x02, k: 3), Raw(code: 0x60, k: 3), allow]),
  .good(
    "stored on both ways",
    [
      Raw(code: 0x15, jt: 0, jf: 2), Raw(code: 0x02, k: 3), Raw(code: 0x05, k: 1),
      Raw(code: 0x03, k: 3), Raw(code: 0x60, k: 3), allow,
    ]),
  .bad(
    "different slots on two ways", at: 4, "slot 3,",
    [
      Raw(code: 0x15, jt: 0, jf: 2), Raw(code: 0x02, k: 3), Raw(code: 0x05, k: 1),
      Raw(code: 0x02, k: 4), Raw(code: 0x60, k: 3), allow,
    ]),
  .bad(
    "the store is jumped over", at: 2, "slot 0,",
    [Raw(code: 0x05, k: 1), Raw(code: 0x02), Raw(code: 0x60), allow]),
  .good(
    "unreachable after a jump", [Raw(code: 0x05, k: 1), Raw(code: 0x60), allow]),
  .good(
    "unreachable after a branch", [Raw(code: 0x15, jt: 1, jf: 1), Raw(code: 0x60), allow]),
  .bad("a return counts as going on", at: 1, "slot 0,", [allow, Raw(code: 0x60), allow]),
  .good(
    "a return that could go on with the slot",
    [Raw(code: 0x02), allow, Raw(code: 0x60), allow]),
  .good(
    "stored before the branch",
    [Raw(code: 0x02, k: 9), Raw(code: 0x15, jt: 1), allow, Raw(code: 0x60, k: 9), allow]),
]

// The kernel looks at no field that a code leaves unused.
private let junkFieldCases: [VerifierCase] =
  ([0x00, 0x04, 0x05, 0x06, 0x07, 0x0c, 0x16, 0x20, 0x80, 0x81, 0x84, 0x87] as [UInt16]).map {
    (code: UInt16) -> VerifierCase in
    .good("code \(code) with junk jumps", [Raw(code: code, jt: 255, jf: 255), allow])
  }

private let junkConstantCases: [VerifierCase] =
  ([0x07, 0x0c, 0x16, 0x1d, 0x80, 0x81, 0x84, 0x87, 0xac] as [UInt16]).map {
    (code: UInt16) -> VerifierCase in
    .good("code \(code) with junk k", [Raw(code: code, k: 0xdead_beef), allow])
  }
