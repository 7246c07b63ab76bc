import BPFAssembler
import Testing

/// Where rules stand, and the short ways to a policy and its program.
@Suite struct RuleTests {
  @Test func aRuleKnowsItsLine() throws {
    let text = "default allow\n\n# a comment\ndeny socket\n  kill bind\n"
    let policy = try Policy(text: text, named: "a.policy")
    #expect(policy.rules.map { $0.place?.description } == ["a.policy:4", "a.policy:5"])
    #expect(try Policy(text: text).rules[0].place == Policy.Place("policy", line: 4))
    #expect(Policy.Place("--deny").description == "--deny")
  }

  @Test func whereARuleStandsChangesNothing() throws {
    let socket = try syscall("socket")
    let rule = Policy.Rule(.kill, [socket])
    let other = Policy.Rule(.kill, [socket], at: Policy.Place("x", line: 7))
    #expect(rule == other && rule.hashValue == other.hashValue)
    #expect(rule != Policy.Rule(.kill, []) && rule != Policy.Rule(.log, [socket]))
    #expect(
      try Policy(text: "default allow\nkill socket")
        == Policy(defaultVerdict: .allow, rules: [other]))
  }

  @Test func oneCallFromAPolicyToAProvenProgram() throws {
    let policy = try Policy(text: "default allow\ndeny socket")
    for native in Architecture.natives {
      let program = try CheckedProgram(policy, for: native)
      #expect(program.doubt == nil)
      #expect(program.program == (try CompiledPolicy(policy, for: native).program))
    }
  }

  @Test func whyThereIsNone() throws {
    let call = try syscall("read")
    let condition = Policy.Condition.comparison(
      Policy.Comparison(.named("nosuch"), .equal(.number(1))))
    let odd = Policy(defaultVerdict: .allow, rules: [Policy.Rule(.kill, [call], if: condition)])
    let failure = CheckedProgram.Failure.compiler(.noSuchArgument(rule: 0, call: call, .i386))
    #expect(throws: failure) { try CheckedProgram(odd, for: .x86_64) }
    #expect(failure.description == "rule 1 names an argument that read does not have on i386")
    #expect(throws: PolicyError.self) { try Policy(text: "default allow\ndeny nosuch") }
    do throws(PolicyError) {
      _ = try Policy(text: "deny nosuch")
    } catch {
      #expect(error.description.hasPrefix("policy:1:6: error: no architecture has a call named"))
    }
  }
}
