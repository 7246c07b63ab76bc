extension Dump.Format {
  /// The problem, for any solver of SMT-LIB 2, whether program and policy differ; `unsat` is the proof.
  public static var smt2: Dump.Format {
    Dump.Format("smt2", holdsSeveral: true) { policies, name in
      Array(policies.map { $0.problem(name: name) }.joined(separator: "(reset)\n").utf8)
    }
  }
}

extension CompiledPolicy {
  fileprivate func problem(name: String) -> String {
    let wording = Wording(policy)
    let reasons = origins.map { wording.origins($0) }
    return SMTProblem(program, means: policy, for: architecture, name: name, reasons: reasons).text
  }
}
