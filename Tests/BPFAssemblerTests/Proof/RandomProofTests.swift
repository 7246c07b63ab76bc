import Testing

@testable import BPFAssembler

@Suite struct RandomProofTests {
  @Test(arguments: [1, 2, 3, 5, 10, 20, 50, 200])
  func compiledPoliciesAreProven(ruleCount: Int) throws {
    var generator = PolicyGenerator(Seeded(UInt64(ruleCount)))
    generator.isText = false
    var most = 0
    var tooLong = 0
    let total = max(10, 200 / ruleCount)
    for _ in 0..<total {
      let policy = generator.policy(rules: ruleCount, calls: generator.random.once(in: 2) ? 2 : 30)
      for native in Architecture.natives {
        let program: Program
        do throws(CompilerError) {
          program = try CompiledPolicy(policy, for: native).program
        } catch {
          tooLong += 1
          continue
        }
        do throws(ProofError) {
          most = max(most, try Proof.check(program, means: policy, for: native, limit: 1_000_000))
        } catch {
          Issue.record("\(error) \(generator.random.testDescription)\n\(policy.text)")
        }
      }
    }
    print("proof of \(ruleCount) rules: at most \(most) steps; \(tooLong) programs too long")
    #expect(tooLong < total)
  }

  @Test func rulesThatEachFailInThreeWaysDoNotMultiply() throws {
    var random = Seeded(9)
    let calls = Syscall(named: "read").map { [$0] } ?? []
    let rules = (0..<30).map { index in
      let parts = (0..<3).map { argument in
        let mask = UInt64(random.next() & random.next()) & 0xffff_ffff
        return Policy.Condition.comparison(
          Policy.Comparison(.lowWord(argument), mask: .number(mask), .notEqual(.number(0))))
      }
      return Policy.Rule(index % 2 == 0 ? .kill : .log, calls, if: .all(parts))
    }
    let policy = Policy(defaultVerdict: .allow, rules: rules)
    let program = try CompiledPolicy(policy, for: .x86_64).program
    #expect(try Proof.check(program, means: policy, for: .x86_64) < 5_000_000)
  }
}
