/// A program in SMT-LIB: what each instruction computes, then what is answered from each one on.
///
/// Jumps lead forward, so what the registers hold before an instruction is known from those before it, and
/// what it answers from those behind it. Semantics: bpf_convert_filter in net/core/filter.c.
struct SMTProgram {
  private let instructions: [Instruction]
  private let reasons: [String]
  /// What its names begin with, so that several programs can stand side by side.
  private let prefix: String
  /// The ways into each instruction.
  private var waysIn: [[Way]]
  /// What each instruction computes or tests, as definitions.
  private var definitions: [[String]]
  /// The registers before each instruction; `nil` where no way leads.
  private var before: [Registers?]
  /// The registers behind each instruction.
  private var after: [Registers?]
  /// Whether some instruction finds different things in a register, depending on the way in.
  private var asksForWay = false

  /// A, X and M as terms.
  ///
  /// The kernel clears A and X; no verified program reads M before it writes it.
  private struct Registers {
    var a = SMTTerm.word(0)
    var x = SMTTerm.word(0)
    var scratch = [String](repeating: SMTTerm.word(0), count: Instruction.Slot.all.count)
  }

  /// A way from one instruction to another.
  private struct Way {
    let from: Int
    /// Whether the test of a branch holds on it; `nil` where the way is always taken.
    let holds: Bool?
  }

  /// Follows a program once, from its first instruction to its last.
  ///
  /// - Parameters:
  ///   - program: The program.
  ///   - reasons: A comment for each instruction; there may be fewer.
  ///   - prefix: What its names begin with.
  init(_ program: Program, reasons: [String], prefix: String) {
    instructions = program.instructions
    self.prefix = prefix
    self.reasons = reasons
    waysIn = Array(repeating: [], count: instructions.count)
    definitions = Array(repeating: [], count: instructions.count)
    before = Array(repeating: nil, count: instructions.count)
    after = before
    before[0] = Registers()
    for index in instructions.indices {
      meet(at: index)
      guard let registers = before[index] else { continue }
      after[index] = compute(index, registers)
    }
  }

  /// The name of something about an instruction.
  private func name(_ what: String, _ index: Int) -> String { "\(prefix)\(what).\(index)" }

  /// True for a call that goes this way.
  private func term(_ way: Way) -> String {
    let place = name("at", way.from)
    guard let holds = way.holds else { return place }
    let test = name("test", way.from)
    return "(and \(place) \(holds ? test : "(not \(test))"))"
  }

  /// The definitions; the last one, `answer.0` behind the prefix, is what the program answers.
  var lines: [String] {
    var lines = ["", "; What each instruction computes or tests."]
    for (index, instruction) in instructions.enumerated() {
      let reason = index < reasons.count ? "  ; \(reasons[index])" : ""
      lines.append("; \(index): \(instruction.text(at: index))\(reason)")
      if asksForWay {
        let isReached = index == 0 ? "true" : SMTTerm.any(waysIn[index].map(term))
        lines.append(SMTTerm.defineTruth(name("at", index), isReached))
      }
      lines += definitions[index]
    }
    lines += ["", "; What the program answers from each instruction on, the last one first."]
    for index in instructions.indices.reversed() where before[index] != nil {
      lines.append(SMTTerm.define(name("answer", index), answer(index)))
    }
    return lines
  }

  /// The sixteen words that an instruction can load, by their offsets; the lower half lies first.
  static var words: [String] {
    var lines = ["", "; The words that a program can load, by their offsets."]
    let wide = ["ip"] + (0..<6).map { "arg\($0)" }
    for word in SeccompData.Word.all {
      let bits = word.index % 2 == 0 ? "31 0" : "63 32"
      let term =
        switch word.index {
        case 0: "nr"
        case 1: "arch"
        case let index: "((_ extract \(bits)) \(wide[(index - 2) / 2]))"
        }
      lines.append(SMTTerm.define("word.\(word.offset)", term))
    }
    return lines
  }
}

extension SMTProgram {
  /// Finds what an instruction has in its registers, and gives a name to what depends on the way in.
  private mutating func meet(at index: Int) {
    let ways = waysIn[index]
    guard let first = ways.first, var registers = after[first.from] else { return }
    let states = ways.compactMap { after[$0.from] }
    func merged(_ what: String, _ terms: [String]) -> String {
      guard let last = terms.last, terms.contains(where: { $0 != last }) else { return terms[0] }
      var term = last
      for (way, other) in zip(ways, terms).reversed().dropFirst() {
        term = "(ite \(self.term(way)) \(other) \(term))"
      }
      asksForWay = true
      definitions[index].append(SMTTerm.define(name(what, index), term))
      return name(what, index)
    }
    registers.a = merged("a.before", states.map { $0.a })
    registers.x = merged("x.before", states.map { $0.x })
    for slot in registers.scratch.indices {
      registers.scratch[slot] = merged("m\(slot).before", states.map { $0.scratch[slot] })
    }
    before[index] = registers
  }

  /// What an instruction leaves in the registers; notes where it goes.
  private mutating func compute(_ index: Int, _ registers: Registers) -> Registers {
    var registers = registers
    switch instructions[index] {
    case .load(let source):
      registers.a =
        switch source {
        case .data(let word): "word.\(word.offset)"
        case .immediate(let value): SMTTerm.word(value)
        case .scratch(let slot): registers.scratch[slot.index]
        case .length: SMTTerm.word(SeccompData.size)
        }
    case .loadIndex(let source):
      registers.x =
        switch source {
        case .immediate(let value): SMTTerm.word(value)
        case .scratch(let slot): registers.scratch[slot.index]
        case .length: SMTTerm.word(SeccompData.size)
        }
    case .store(let slot): registers.scratch[slot.index] = registers.a
    case .storeIndex(let slot): registers.scratch[slot.index] = registers.x
    case .arithmetic(let operation, let operand):
      let operand = Self.operand(operand, registers, isShift: operation.isShift)
      define(index, &registers, "(\(operation.smtName) \(registers.a) \(operand))")
    case .negate: define(index, &registers, "(bvneg \(registers.a))")
    case .copyToIndex: registers.x = registers.a
    case .copyFromIndex: registers.a = registers.x
    case .jump(let distance):
      lead(index, to: index + 1 + Int(distance))
      return registers
    case .branch(let test, let operand, let ifTrue, let ifFalse):
      let term = test.smtTerm(registers.a, Self.operand(operand, registers, isShift: false))
      definitions[index].append(SMTTerm.defineTruth(name("test", index), term))
      lead(index, to: index + 1 + Int(ifTrue), holds: true)
      lead(index, to: index + 1 + Int(ifFalse), holds: false)
      return registers
    case .return: return registers
    }
    lead(index, to: index + 1)
    return registers
  }

  private mutating func lead(_ index: Int, to target: Int, holds: Bool? = nil) {
    waysIn[target].append(Way(from: index, holds: holds))
  }

  private mutating func define(_ index: Int, _ registers: inout Registers, _ term: String) {
    definitions[index].append(SMTTerm.define(name("a", index), term))
    registers.a = name("a", index)
  }

  /// A constant or X; of an X that shifts only the low five bits count.
  private static func operand(
    _ operand: Instruction.Operand, _ registers: Registers, isShift: Bool
  ) -> String {
    switch operand {
    case .constant(let value): SMTTerm.word(value)
    case .index: isShift ? "(bvand \(registers.x) \(SMTTerm.word(31)))" : registers.x
    }
  }

  private func answer(_ index: Int) -> String {
    switch instructions[index] {
    case .return(.constant(let value)): SMTTerm.word(value)
    case .return(.accumulator): before[index]?.a ?? SMTTerm.word(0)
    case .jump(let distance): name("answer", index + 1 + Int(distance))
    case .branch(_, _, let ifTrue, let ifFalse):
      "(ite \(name("test", index)) \(name("answer", index + 1 + Int(ifTrue))) "
        + "\(name("answer", index + 1 + Int(ifFalse))))"
    // A division by an X of 0 ends the program with 0.
    case .arithmetic(.divide, .index):
      "(ite (= \(before[index]?.x ?? "") \(SMTTerm.word(0))) \(SMTTerm.word(0)) \(name("answer", index + 1)))"
    case .load, .loadIndex, .store, .storeIndex, .arithmetic, .negate, .copyToIndex,
      .copyFromIndex:
      name("answer", index + 1)
    }
  }
}

extension Instruction.Operation {
  fileprivate var isShift: Bool { self == .shiftLeft || self == .shiftRight }

  /// The function of SMT-LIB's theory of bit vectors; all are unsigned.
  fileprivate var smtName: String {
    switch self {
    case .add: "bvadd"
    case .subtract: "bvsub"
    case .multiply: "bvmul"
    case .divide: "bvudiv"
    case .or: "bvor"
    case .and: "bvand"
    case .shiftLeft: "bvshl"
    case .shiftRight: "bvlshr"
    case .xor: "bvxor"
    }
  }
}

extension Instruction.Test {
  /// The comparison as a truth value.
  fileprivate func smtTerm(_ a: String, _ operand: String) -> String {
    switch self {
    case .equal: "(= \(a) \(operand))"
    case .greater: "(bvugt \(a) \(operand))"
    case .greaterOrEqual: "(bvuge \(a) \(operand))"
    case .bitsSet: "(distinct (bvand \(a) \(operand)) \(SMTTerm.word(0)))"
    }
  }
}
