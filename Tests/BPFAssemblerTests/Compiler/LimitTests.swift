import BPFAssembler
import Testing

/// How long a program may be, and how long it may take to make one.
@Suite struct LimitTests {
  private func chain(_ count: Int) throws -> Policy {
    let ioctl = try syscall("ioctl")
    let rules = (0..<count).map { index in
      let value = Policy.Value.number(UInt64(3 * index + 1))
      return Policy.Rule(
        .deny(nil), [ioctl], if: .comparison(Policy.Comparison(.lowWord(1), .equal(value))))
    }
    return Policy(defaultVerdict: .allow, foreign: .verdict(.kill), rules: rules)
  }

  @Test func aProgramOf4096AndNoMore() throws {
    var sizes: [Int] = []
    for count in 4066...4068 {
      let policy = try chain(count)
      do throws(CompilerError) {
        let size = try CompiledPolicy(policy, for: .x86_64).program.instructions.count
        #expect(size <= 4096)
        sizes.append(size)
      } catch {
        // The count is that of the program that there would be.
        guard case .tooLong(let size) = error else { throw error }
        #expect(size > 4096)
        sizes.append(size)
      }
    }
    #expect(sizes == [4095, 4096, 4097])
  }

  @Test func fourThousandConditionsOnOneCall() throws {
    let narrow = try CompiledPolicy(try chain(4000), for: .x86_64)
    for index in [0, 1, 2, 1999, 3998, 3999, 4000] as [UInt64] {
      #expect(narrow.agrees(on: try call("ioctl", [0, 3 * index + 1])))
      #expect(narrow.agrees(on: try call("ioctl", [0, 3 * index + 2])))
    }
    // A 64-bit argument takes a load and a comparison for each half.
    let values = (0..<4000).map { Policy.Value.number(UInt64($0) << 32 | UInt64($0)) }
    let condition = Policy.Condition.comparison(Policy.Comparison(.whole(2), .member(values)))
    let rule = Policy.Rule(.kill, [try syscall("read")], if: condition)
    let wide = Policy(defaultVerdict: .allow, rules: [rule])
    guard case .tooLong(let size)? = refusal(of: wide) else {
      Issue.record("it compiled")
      return
    }
    #expect(size > 16000)
  }

  @Test func aSetOfManyNumbersIsATree() throws {
    let values = (0..<1500).map { Policy.Value.number(UInt64(5 * $0)) }
    let rule = Policy.Rule(
      .deny(nil), [try syscall("ioctl")],
      if: .comparison(Policy.Comparison(.lowWord(1), .member(values))))
    let policy = Policy(defaultVerdict: .allow, foreign: .verdict(.kill), rules: [rule])
    let compiled = try CompiledPolicy(policy, for: .x86_64)
    var deepest = 0
    for value in stride(from: UInt64(0), through: 7505, by: 7) {
      var steps = 0
      let call = try call("ioctl", [0, value])
      _ = compiled.program.run(call.data) { _ in steps += 1 }
      deepest = max(deepest, steps)
      #expect(compiled.agrees(on: call))
    }
    #expect(deepest <= 24)
  }

  /// A walk goes as deep as there are rules or parts, also where none of them needs a test.
  @Test func manyConditionsThatNeedNoTest() throws {
    let never = Policy.Condition.comparison(
      Policy.Comparison(.lowWord(0), .greater(.number(0xffff_ffff))))
    let socket = try syscall("socket")
    let rules = Array(repeating: Policy.Rule(.kill, [socket], if: never), count: 10_000)
    let parts = Policy.Rule(.kill, [socket], if: .any(Array(repeating: never, count: 20_000)))
    let policy = Policy(
      defaultVerdict: .allow, rules: rules + [parts, Policy.Rule(.deny(nil), [socket])])
    let plain = Policy(defaultVerdict: .allow, rules: [Policy.Rule(.deny(nil), [socket])])
    #expect(
      try CompiledPolicy(policy, for: .x86_64).program
        == CompiledPolicy(plain, for: .x86_64).program)
  }

  @Test func fourHundredRules() throws {
    var generator = PolicyGenerator(Seeded(31))
    let calls = Syscall.known(on: .x86_64)
    let rules = (0..<400).map { index in
      let value = Policy.Value.number(UInt64(index % 7))
      let condition = Policy.Condition.comparison(
        Policy.Comparison(.whole(index % 6), .greater(value)))
      return Policy.Rule(
        index % 2 == 0 ? .deny(nil) : .deny(.eperm), [calls[index % calls.count]],
        if: index % 3 == 0 ? condition : nil)
    }
    let regular = Policy(defaultVerdict: .allow, rules: rules)
    for (name, policy) in [("regular", regular), ("random", generator.policy(rules: 400))] {
      let start = ContinuousClock.now
      let count = try CompiledPolicy(policy, for: .x86_64).program.instructions.count
      print("400 \(name) rules: \(count) instructions in \(ContinuousClock.now - start)")
      #expect(count < 4096)
    }
  }
}
