import BPFAssembler
import Testing

/// Policies as text, and back.
@Suite struct PrinterTests {
  private func reparsed(_ policy: Policy) throws(PolicyError) -> Policy {
    try Policy.parse(Array(policy.text.utf8)).policy
  }

  @Test(arguments: KnownPolicy.all)
  func knownPoliciesAreReadBack(_ policy: KnownPolicy) throws {
    let parsed = try policy.policy()
    #expect(try reparsed(parsed) == parsed)
  }

  @Test func randomPoliciesAreReadBack() throws {
    var generator = PolicyGenerator(Seeded(11))
    for round in 0..<400 {
      let policy = generator.policy(rules: round % 20)
      #expect(
        try reparsed(policy) == policy, "\(generator.random.testDescription)\n\(policy.text)")
    }
  }

  @Test func theLayoutIsFixed() throws {
    let text = """
      foreign deny with 1
      layers one,two
      network allowed
      deny socket,connect with 4000
      kill socket unless domain in {0x1,011,AF_INET} and (type&0xf==1 or not protocol!=10)
      log read if not (not arg0:32 < 9)
      allow read if ((arg5 >= 0xFFFFFFFFFF) and (count<=1 and count > 0))
      """
    #expect(
      try policy(text).text == """
        default allow
        foreign deny with EPERM
        x32 deny with ENOSYS
        unknown allow
        layers one, two
        network allowed
        deny socket, connect with 4000
        kill socket unless domain in { 1, 9, AF_INET } and (type & 0xf == 1 or not protocol != 0xa)
        log read unless not arg0:32 < 9
        allow read if arg5 >= 0xffffffffff and (count <= 1 and count > 0)

        """)
  }

  @Test func everyErrnoAndConstantIsReadBack() throws {
    for number in [1...140, 4090...4095].joined() {
      let policy = Policy(defaultVerdict: .deny(Errno(number: number)), rules: [])
      #expect(try reparsed(policy) == policy)
    }
    let getpid = try syscall("getpid")
    let rules = NamedConstant.all.map { constant in
      Policy.Rule(
        .kill, [getpid], if: .comparison(Policy.Comparison(.whole(0), .equal(.constant(constant)))))
    }
    let policy = Policy(defaultVerdict: .allow, rules: rules)
    #expect(try reparsed(policy) == policy)
  }

  @Test func everyCallIsReadBack() throws {
    let rules = [Policy.Rule(.log, Syscall.all)] + Syscall.all.map { Policy.Rule(.kill, [$0]) }
    let policy = Policy(defaultVerdict: .allow, rules: rules)
    #expect(try reparsed(policy) == policy)
  }

  @Test func theRefusalIsNotPartOfTheText() throws {
    var policy = try policy("deny socket")
    policy.refusal = .eperm
    #expect(!policy.text.contains("EPERM"))
    #expect(try reparsed(policy).refusal == .eacces)
  }
}
