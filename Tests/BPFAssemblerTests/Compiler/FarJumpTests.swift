import BPFAssembler
import Testing

/// Programs in which a conditional jump would have to skip more than 255 instructions.
@Suite struct FarJumpTests {
  /// Policies that grow by a parameter, around the size at which their jumps grow too long.
  struct Family: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let sizes: ClosedRange<Int>
    let rules: @Sendable (Int) throws -> [Policy.Rule]

    init(
      _ name: String, _ sizes: ClosedRange<Int>,
      _ rules: @escaping @Sendable (Int) throws -> [Policy.Rule]
    ) {
      testDescription = name
      self.sizes = sizes
      self.rules = rules
    }

    func policy(_ size: Int) throws -> Policy {
      // One ABI is enough: the other's part would double the time and not the distances.
      Policy(defaultVerdict: .allow, foreign: .verdict(.kill), rules: try rules(size))
    }
  }

  private static func bits(_ count: Int, set: Bool) -> [Policy.Condition] {
    (0..<count).map { index in
      // Another word each time, so that every part is a load and a test.
      let bit = Policy.Value.number(1 << UInt64(index / 6))
      let relation: Policy.Comparison.Relation = set ? .notEqual(.number(0)) : .equal(.number(0))
      return .comparison(Policy.Comparison(.lowWord(index % 6), mask: bit, relation))
    }
  }

  private static func errno(_ index: Int) -> Verdict { .deny(Errno(number: 1 + index % 4095)) }

  static let families = [
    Family("one answer for many values", 244...264) { size in
      try (0..<size).map { index in
        let value = Policy.Value.number(UInt64(3 * index + 1))
        return Policy.Rule(
          .deny(nil), [try syscall("ioctl")],
          if: .comparison(Policy.Comparison(.lowWord(1), .equal(value))))
      }
    },
    Family("all bits clear", 122...134) { size in
      [Policy.Rule(.deny(nil), [try syscall("ioctl")], if: .all(bits(size, set: false)))]
    },
    Family("all bits set", 122...134) { size in
      [Policy.Rule(.deny(nil), [try syscall("ioctl")], if: .all(bits(size, set: true)))]
    },
    Family("some bit set or none, by turns", 122...134) { size in
      let parts = zip(bits(size, set: true), bits(size, set: false)).enumerated()
      let mixed = parts.map { $0 % 2 == 0 ? $1.0 : $1.1 }
      return [
        Policy.Rule(.kill, [try syscall("ioctl")], if: .all(mixed)),
        Policy.Rule(.deny(nil), [try syscall("ioctl")], if: .any(mixed)),
      ]
    },
    Family("wide comparisons", 60...76) { size in
      try (0..<size).map { index in
        let value = Policy.Value.number(UInt64(size - index) << 32 | UInt64(index))
        return Policy.Rule(
          errno(index % 3), [try syscall("ioctl")],
          if: .comparison(Policy.Comparison(.whole(2), .greater(value))))
      }
    },
    Family("many calls", 240...270) { size in
      Syscall.known(on: .x86_64).prefix(size).enumerated().map { index, call in
        Policy.Rule(errno(index), [call])
      }
    },
    Family("many calls with conditions", 60...90) { size in
      Syscall.known(on: .x86_64).prefix(size).enumerated().map { index, call in
        let value = Policy.Value.number(UInt64(index))
        return Policy.Rule(
          errno(index % 40), [call],
          if: .comparison(Policy.Comparison(.lowWord(index % 6), .less(value))))
      }
    },
  ]

  @Test(arguments: families)
  func everySizeAroundTheLimit(_ family: Family) throws {
    for size in family.sizes {
      let compiled = try CompiledPolicy(try family.policy(size), for: .x86_64)
      let count = compiled.program.instructions.count
      let found = Witnesses(compiled.program, seen: Array(repeating: false, count: count))
      #expect(found.unseen.isEmpty && found.isComplete, "\(size): \(found.unseen) of \(count)")
      var inputs = PolicyInputs(compiled.policy, .x86_64, Seeded(30))
      for call in found.calls + inputs.calls(perRule: 2) {
        try #require(compiled.agrees(on: call), "\(size): \(call)")
      }
      expectNoNeedlessJump(compiled.program)
    }
  }

  @Test func theFamiliesComeToTheLimit() throws {
    var (jt, jf): (Set<UInt8>, Set<UInt8>) = ([], [])
    var (jumps, copies) = (0, 0)
    for family in Self.families {
      for size in family.sizes {
        var returns: Set<UInt32> = []
        for instruction in try CompiledPolicy(try family.policy(size), for: .x86_64).program
          .instructions
        {
          if case .branch(_, _, let ifTrue, let ifFalse) = instruction {
            jt.insert(ifTrue)
            jf.insert(ifFalse)
          }
          if case .jump = instruction { jumps += 1 }
          if case .return(.constant(let value)) = instruction, !returns.insert(value).inserted {
            copies += 1
          }
        }
      }
    }
    #expect(jt.isSuperset(of: 246...255) && jf.isSuperset(of: 246...255))
    #expect(jumps > 0 && copies > 0)
  }

  /// Whether a branch goes by way of a `ja`, or to a copy of a return, that it had no need of.
  private func expectNoNeedlessJump(_ program: Program) {
    var last: [Instruction: Int] = [:]
    for (index, instruction) in program.instructions.enumerated() { last[instruction] = index }
    for (index, instruction) in program.instructions.enumerated() {
      guard case .branch(_, _, let ifTrue, let ifFalse) = instruction else { continue }
      // A slot of jt's reach is kept for what jf may need.
      for (skip, reach) in [(ifTrue, 254), (ifFalse, 255)] {
        let target = index + 1 + Int(skip)
        switch program.instructions[target] {
        case .jump(let distance): #expect(Int(skip) + 1 + Int(distance) > reach)
        case .return:
          let original = last[program.instructions[target]] ?? target
          #expect(original == target || original - index - 1 > reach)
        case .load, .loadIndex, .store, .storeIndex, .arithmetic, .negate, .copyToIndex,
          .copyFromIndex, .branch:
          continue
        }
      }
    }
  }
}
