import Testing

@testable import BPFAssembler

/// What `--explain` says against what the policy means.
@Suite struct ExplanationTests {
  private func explanation(_ policy: KnownPolicy, _ native: Architecture) throws -> Explanation {
    Explanation(try policy.compiled(for: native), name: policy.title)
  }

  /// The condition of an outcome, which speaks the policy language.
  private func condition(
    _ outcome: Explanation.Outcome, of call: Explanation.Call
  ) throws -> Policy.Condition? {
    if outcome.conditions.isEmpty { return nil }
    let text = outcome.conditions.joined(separator: " and ")
    return try policy("deny \(call.syscall.name) if \(text)").rules[0].condition
  }

  @Test(arguments: knownPrograms)
  func everyInputMeetsOneOutcomeWithItsAnswer(
    _ known: KnownPolicy, _ native: Architecture
  ) throws {
    let explanation = try explanation(known, native)
    let policy = explanation.compiled.policy
    var inputs = PolicyInputs(policy, native, Seeded(40))
    let calls = inputs.calls(perRule: 30)
    for table in explanation.tables {
      let own = calls.filter { $0.arch == table.architecture.auditValue }
      for call in table.calls {
        #expect(!call.isCut && !call.outcomes.isEmpty)
        let conditions = try call.outcomes.map { try condition($0, of: call) }
        let plain = SystemCall(arch: table.architecture.auditValue, number: call.number)
        for input in own.filter({ $0.number == call.number }) + [plain] {
          let met = zip(call.outcomes, conditions).filter { _, condition in
            condition?.holds(for: input, of: call.syscall, on: table.architecture) ?? true
          }
          let answer = policy.action(policy.verdict(of: input, native: native))
          #expect(met.map { $0.0.answer } == [answer], "\(call.syscall) \(input)")
        }
      }
    }
  }

  @Test(arguments: knownPrograms)
  func theReasonsAnswerSo(_ known: KnownPolicy, _ native: Architecture) throws {
    let explanation = try explanation(known, native)
    let policy = explanation.compiled.policy
    for call in explanation.tables.flatMap({ $0.calls }) {
      for outcome in call.outcomes {
        #expect(!outcome.origins.isEmpty)
        for case .rule(let index) in outcome.origins {
          #expect(policy.rules[index].calls.contains(call.syscall))
          #expect(policy.action(policy.rules[index].verdict) == outcome.answer)
        }
      }
    }
  }

  @Test(arguments: knownPrograms)
  func everyCallIsListedAndWhatNoRuleNamesIsFree(
    _ known: KnownPolicy, _ native: Architecture
  ) throws {
    let explanation = try explanation(known, native)
    let named = Set(explanation.compiled.policy.rules.flatMap { $0.calls })
    var parts: [String] = []
    for table in explanation.tables {
      let calls = Syscall.known(on: table.architecture)
      #expect(table.calls.map { $0.syscall } == calls)
      // The default of all of these is to allow, and none of their rules allows a call by its number.
      let unnamed = calls.filter { !named.contains($0) }
      #expect(table.free == (unnamed.count, unnamed.count))
      parts.append("\(unnamed.count) of \(unnamed.count) \(parts.isEmpty ? "native" : "32-bit")")
      for call in table.calls {
        #expect(call.isNamed == named.contains(call.syscall))
        #expect(!call.isFree || call.outcomes.map { $0.answer } == [0x7fff_0000])
      }
    }
    let last = explanation.text.split(separator: "\n").last
    #expect(last == "free on Linux 5.11 and later: \(parts.joined(separator: ", "))"[...])
  }

  @Test(arguments: knownPrograms)
  func theJSONSaysTheSame(_ known: KnownPolicy, _ native: Architecture) throws {
    let explanation = try explanation(known, native)
    let json = try JSON(Array(explanation.json.utf8))
    let tables = json["abis"]?.elements ?? []
    #expect(tables.map { $0["abi"]?.text } == explanation.tables.map { $0.architecture.name })
    for (object, table) in zip(tables, explanation.tables) {
      #expect(object["free"]?.number == table.free.count)
      let calls = object["calls"]?.elements ?? []
      #expect(calls.map { $0["name"]?.text } == table.calls.map { $0.syscall.name })
      for (object, call) in zip(calls, table.calls) {
        #expect(object["number"]?.number == Int(call.number))
        #expect(object["free"] == .bool(call.isFree) && object["complete"] == .bool(!call.isCut))
        let outcomes = object["outcomes"]?.elements ?? []
        #expect(outcomes.map { $0["value"]?.number } == call.outcomes.map { Int($0.answer) })
        let conditions = outcomes.map { $0["if"]?.elements.map { $0.text } }
        #expect(conditions == call.outcomes.map { $0.conditions })
      }
    }
  }

  @Test func anAllowListCountsWhatItAllows() throws {
    let text = """
      default deny
      foreign deny
      allow read, write, exit_group
      allow close if fd < 3
      log getpid
      """
    let compiled = try CompiledPolicy(try Policy(text: text), for: .x86_64)
    let explanation = Explanation(compiled, name: "x")
    #expect(explanation.tables.map { $0.free.of } == [3, 0])
    let last = explanation.text.split(separator: "\n").last
    #expect(last == "free on Linux 5.11 and later: 3 of 3 native, 0 of 0 32-bit")
  }

  @Test func aCallWithTooManyWaysIsCutAndSaysSo() throws {
    let rules = (0..<200).map { "deny ioctl if cmd == \(3 * $0) with \($0 % 9 + 1)\n" }.joined()
    let compiled = try CompiledPolicy(try policy("foreign kill", rules), for: .x86_64)
    let explanation = Explanation(compiled, name: "x")
    let ioctl = try syscall("ioctl")
    let call = try #require(explanation.tables[0].calls.first { $0.syscall == ioctl })
    #expect(call.isCut && call.outcomes.count == 64)
    #expect(explanation.text.contains("... and in more ways"))
    let foreign = explanation.tables[1].calls.map { $0.outcomes.map { $0.answer } }
    #expect(foreign.allSatisfy { $0 == [0x8000_0000] })
  }

  @Test func aLongWayIsFollowedToItsEnd() throws {
    let parts = (1...600).map { "cmd >= \($0)" }.joined(separator: " and ")
    let text = "deny ioctl if \(parts)"
    let compiled = try CompiledPolicy(try policy("foreign kill", text), for: .x86_64)
    let explanation = Explanation(compiled, name: "x")
    let ioctl = try syscall("ioctl")
    let call = try #require(explanation.tables[0].calls.first { $0.syscall == ioctl })
    let refused = call.outcomes.filter { $0.answer == 0x0005_000d }
    #expect(refused.map { $0.conditions } == [["cmd >= 0x258"]])
  }
}
