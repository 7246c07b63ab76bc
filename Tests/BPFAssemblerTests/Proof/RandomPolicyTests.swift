import Testing

@testable import BPFAssembler

@Suite struct RandomPolicyTests {
  @Test(arguments: [1, 2, 3, 5, 10, 20, 50, 200])
  func compiledPoliciesAreProven(ruleCount: Int) throws {
    var random = Seeded(UInt64(ruleCount))
    var most = 0
    var open = 0
    var tooLong = 0
    let total = max(20, 600 / ruleCount)
    for _ in 0..<total {
      let policy = random.policy(rules: ruleCount, calls: random.once(in: 2) ? 2 : 30)
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
          open += 1
          if case .disproved(let c) = error {
            Issue.record("\(c) \(random.testDescription)\n\(policy.text)")
          }
        }
      }
    }
    print(
      ruleCount, "rules:", total, "policies, most steps", most, "open", open, "too long", tooLong)
  }
}
