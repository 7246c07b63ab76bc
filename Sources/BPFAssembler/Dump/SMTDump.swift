extension Dump.Format {
  /// The problem, for any solver of SMT-LIB 2, whether program and policy differ; `unsat` is the proof.
  public static var smt2: Dump.Format {
    Dump.Format("smt2", holdsSeveral: true) { policies, name in
      let problems = CompiledPolicy.chains(policies).map { CompiledPolicy.problem($0, name: name) }
      return Array(problems.joined(separator: "(reset)\n").utf8)
    }
  }
}

extension CompiledPolicy {
  /// The filters that mean a policy together, policy by policy.
  fileprivate static func chains(_ filters: [CompiledPolicy]) -> [[CompiledPolicy]] {
    var chains: [[CompiledPolicy]] = []
    for filter in filters {
      if let part = filter.part, part.number > 1, !chains.isEmpty {
        chains[chains.count - 1].append(filter)
      } else {
        chains.append([filter])
      }
    }
    return chains
  }

  fileprivate static func problem(_ filters: [CompiledPolicy], name: String) -> String {
    let whole = filters[0]
    let wording = Wording(whole.policy)
    let reasons = filters.map { $0.origins.map { wording.origins($0) } }
    return SMTProblem(
      FilterChain(filters), means: whole.policy, for: whole.architecture, name: name,
      reasons: reasons
    ).text
  }
}
