import Testing

@testable import BPFAssembler

/// Policies over several filters, which are made here by a low limit, so that small policies are enough.
@Suite struct SplittingTests {
  private static let refused = Policy.Rule(.deny(nil), Syscall(named: "getppid").map { [$0] } ?? [])

  /// Random policies and the filters that they are split over; `nil` where one call is too long.
  private func filters(
    _ policy: Policy, for native: Architecture
  ) throws -> [CompiledPolicy]? {
    let most = try CompiledPolicy(policy, for: native).program.instructions.count * 3 / 5
    do throws(CompilerError) {
      return try CompiledPolicy.filters(of: policy, for: native, most: most)
    } catch {
      guard case .callTooLong = error else { throw error }
      return nil
    }
  }

  @Test(arguments: Architecture.natives)
  func theyMeanThePolicyTogether(_ native: Architecture) throws {
    var generator = PolicyGenerator(Seeded(native == .x86_64 ? 71 : 72))
    generator.isText = false
    var split = 0
    var most = 0
    for round in 0..<150 {
      let policy = generator.policy(rules: 4 + round % 40, calls: 12)
      guard let filters = try filters(policy, for: native), filters.count > 1 else { continue }
      split += 1
      most = max(most, filters.count)
      let chain = FilterChain(filters)
      var inputs = PolicyInputs(policy, native, generator.random)
      for call in inputs.calls(perRule: 2) {
        let wanted = policy.action(policy.verdict(of: call, native: native))
        #expect(chain.run(call.data) == wanted, "\(call)\n\(policy.text)")
        let speaking = chain.programs.filter { $0.run(call.data) != SeccompReturn.allow }
        let isForeign = ![native, native.compat].contains { $0?.auditValue == call.arch }
        #expect(speaking.count <= 1 || isForeign, "\(call)\n\(policy.text)")
      }
      #expect(throws: Never.self, "\(generator.random.testDescription)\n\(policy.text)") {
        try Proof.check(chain, means: policy, for: native)
      }
      #expect(
        filters.enumerated().allSatisfy {
          $1.part?.number == $0 + 1 && $1.part?.count == filters.count && $1.policy == policy
        })
    }
    print("\(split) policies were split for \(native), over \(most) filters at most")
    #expect(split > 60 && most > 2)
  }

  /// A proof that is right about chains finds what is wrong with one.
  @Test func wrongChainsAreDisproved() throws {
    var generator = PolicyGenerator(Seeded(73))
    var wrong = 0
    for round in 0..<60 {
      let policy = generator.policy(rules: 8 + round % 20, calls: 8)
      guard let filters = try filters(policy, for: .x86_64), filters.count > 1 else { continue }
      let programs = filters.map { $0.program }
      for index in programs.indices {
        var others = programs
        others.remove(at: index)
        wrong += disproved(others, policy)
      }
      // One more that refuses what another answers for, by an errno of its own, on either side.
      let stranger = Policy(
        defaultVerdict: .allow, foreign: .verdict(.allow), x32: .allow, refusal: .enosys,
        rules: [Self.refused])
      let more = try CompiledPolicy(stranger, for: .x86_64).program
      wrong += disproved(programs + [more], policy) + disproved([more] + programs, policy)
    }
    #expect(wrong > 60)
  }

  /// 1 where a chain is disproved; then interpreter and meaning differ, which the proof has made sure of.
  private func disproved(_ programs: [Program], _ policy: Policy) -> Int {
    let chain = FilterChain(programs[0], Array(programs.dropFirst()))
    var inputs = PolicyInputs(policy, .x86_64, Seeded(1))
    let differs = inputs.calls(perRule: 2).contains {
      chain.run($0.data) != policy.action(policy.verdict(of: $0, native: .x86_64))
    }
    do throws(ProofError) {
      try Proof.check(chain, means: policy, for: .x86_64)
      #expect(!differs, "proven, and wrong\n\(policy.text)")
      return 0
    } catch {
      guard case .disproved = error else { return 0 }
      return 1
    }
  }

  /// seccomp(2): the lowest action as a signed number, and of equal ones the youngest filter's data.
  @Test func theKernelsOrderOfAnswers() throws {
    let call = try call("getppid")
    func answer(_ answers: UInt32...) throws -> UInt32 {
      let programs = try answers.map { try Program([.return(.constant($0))]) }
      return FilterChain(programs[0], Array(programs.dropFirst())).run(call.data)
    }
    let refused = SeccompReturn.errno
    #expect(try answer(refused | 1, refused | 13) == refused | 13)
    #expect(try answer(refused | 13, SeccompReturn.allow) == refused | 13)
    #expect(try answer(SeccompReturn.allow, SeccompReturn.log) == SeccompReturn.log)
    #expect(try answer(SeccompReturn.log, refused | 1, SeccompReturn.allow) == refused | 1)
    #expect(try answer(SeccompReturn.killProcess, refused | 1) == SeccompReturn.killProcess)
    #expect(try answer(refused | 1, 0, SeccompReturn.log) == 0)
    #expect(try answer(0, SeccompReturn.killProcess) == SeccompReturn.killProcess)
  }

  @Test func whatCannotBeSplitIsRefused() throws {
    let ioctl = try syscall("ioctl")
    let rules = (0..<50).map { index in
      Policy.Rule(
        .deny(nil), [ioctl],
        if: .comparison(Policy.Comparison(.lowWord(1), .equal(.number(UInt64(3 * index))))))
    }
    let policy = Policy(defaultVerdict: .allow, rules: rules)
    #expect(throws: CompilerError.self) {
      try CompiledPolicy.filters(of: policy, for: .x86_64, most: 40)
    }
    do throws(CompilerError) {
      _ = try CompiledPolicy.filters(of: policy, for: .x86_64, most: 40)
    } catch {
      guard case .callTooLong(ioctl, _) = error else { throw error }
    }
  }
}
