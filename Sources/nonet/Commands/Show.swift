internal import BPFAssembler

/// `nonet --dump-bpf` and `nonet --explain`: prints the filter that would be installed.
struct Show {
  let options: Options

  /// Prints the filter in the format asked for.
  func dump() throws(Failure) {
    let format = options.format ?? .listing
    if architectures.count > 1, !format.holdsSeveral {
      throw .usage(
        "--format \(format.name) holds one program; choose "
          + Architecture.natives.map { "--arch \($0)" }.joined(separator: " or "))
    }
    if format == .raw, isTerminal(1) {
      throw .usage("--format raw is bytes, and standard output is a terminal; redirect it")
    }
    let shown = try shown()
    guard shown.count == 1 || format.holdsSeveral else {
      throw .usage(
        "--format \(format.name) holds one program, and there are \(shown.count) filters")
    }
    for one in shown { try printOut(Dump(one.policies, name: one.name).bytes(format)) }
  }

  /// Prints what the filter answers, call by call.
  func explain() throws(Failure) {
    let format = options.format ?? .listing
    guard format == .listing || format == .json else {
      throw .usage("--explain prints --format listing or json, not \(format.name)")
    }
    // A mistake in the question is told before the policy is compiled.
    for architecture in architectures { _ = try questions(for: architecture) }
    let shown = try shown()
    var explanations: [Explanation] = []
    for one in shown {
      for policy in one.policies {
        let questions = try questions(for: policy.architecture)
        let calls = questions?.map { $0.syscall } ?? []
        explanations.append(
          Explanation(
            policy, name: one.name, about: questions, beside: one.layers?.words(about: calls) ?? [])
        )
      }
    }
    if let judgement = try judgement(of: shown) { try printOut(judgement + "\n") }
    let text =
      format == .json
      ? "[" + explanations.map { $0.json }.joined(separator: ",\n") + "]\n"
      : explanations.map { $0.text }.joined(separator: "\n")
    try printOut(text)
  }

  /// The calls that are asked about; `nil` where all are told.
  private func questions(for architecture: Architecture) throws(Failure) -> [CallQuestion]? {
    guard let asked = options.questions else { return nil }
    do throws(PolicyDiagnostic) {
      return try CallQuestion.parse(asked.bytes, for: architecture)
    } catch {
      throw .refused(error.text(name: OptionName.explain.rawValue))
    }
  }

  private var architectures: [Architecture] {
    options.architectures?.all ?? [.host]
  }

  /// What is printed under one name.
  private struct Shown {
    let policies: [CompiledPolicy]
    let name: String
    /// What stands beside the filter; `nil` for one that was read.
    var layers: Layers?
  }

  /// The filters to print: that of the policy, or others that were read.
  private func shown() throws(Failure) -> [Shown] {
    guard options.filter != nil || options.verify != nil else { return [try compiled()] }
    let asksPolicy = options.format == .smt2
    guard architectures.count == 1, let architecture = architectures.first else {
      throw .usage("a filter that is read is of one architecture; say which by --arch")
    }
    let policy =
      asksPolicy ? try ChosenPolicy(options).policy : Policy(defaultVerdict: .allow, rules: [])
    return try ReadFilter.chosen(by: options).map { filter in
      let compiled = CompiledPolicy(reading: filter.program, against: policy, for: architecture)
      return Shown(policies: [compiled], name: filter.name)
    }
  }

  /// Whether the filters that are read mean the policy that the command line names; `nil` where it names
  /// none, or JSON is wanted.
  private func judgement(of shown: [Shown]) throws(Failure) -> String? {
    let isRead = options.filter != nil || options.verify != nil
    guard isRead, options.format != .json, options.given.contains(where: { $0.name == .policy })
    else { return nil }
    let chosen = try ChosenPolicy(options)
    let lines = shown.flatMap { one in one.policies.map { (filter: $0, name: one.name) } }
    return lines.map { filter, name in
      do throws(ProofError) {
        try Proof.check(filter.program, means: chosen.policy, for: filter.architecture)
        return "\(name) is proven to mean policy \(chosen.name)"
      } catch {
        switch error {
        case .disproved(let call):
          return "\(name) does not mean policy \(chosen.name): \(call)"
        case .undecided(let undecided):
          return "\(name) may mean policy \(chosen.name) or not: \(undecided)"
        }
      }
    }.joined(separator: "\n")
  }

  private func compiled() throws(Failure) -> Shown {
    let chosen = try ChosenPolicy(options)
    var policies: [CompiledPolicy] = []
    for architecture in architectures {
      policies.append(try chosen.checked(for: architecture).compiled)
    }
    return Shown(policies: policies, name: chosen.name, layers: chosen.layers)
  }
}
