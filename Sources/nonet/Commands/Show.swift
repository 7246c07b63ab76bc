internal import BPFAssembler

/// `nonet --dump-bpf` and `nonet --explain`: prints the filter that would be installed.
struct Show {
  let options: Options

  /// Prints the filter in the format asked for.
  func dump() throws(Failure) {
    let format: Dump.Format
    switch options.format {
    case .profile(let format)?: return try Export(options: options, format: format).perform()
    case .program(let chosen)?: format = chosen
    case nil: format = .listing
    }
    if architectures.count > 1, !format.holdsSeveral { throw .oneProgram(format.name) }
    if format == .raw, isTerminal(1) {
      throw .usage("--format raw is bytes, and standard output is a terminal; redirect it")
    }
    let shown = try shown()
    guard shown.count == 1 || format.holdsSeveral else {
      throw .usage(
        "--format \(format.name) holds one program, and there are \(shown.count) filters")
    }
    for one in shown {
      let filters = one.policies.flatMap { $0 }
      if let part = filters[0].part, !format.holdsSeveral {
        throw .refused(
          "policy \(one.name) takes \(part.count) filters, and --format \(format.name) holds one; listing, "
            + "c, json, dot and smt2 hold all of them")
      }
      try printOut(Dump(filters, name: one.name).bytes(format))
    }
  }

  /// Prints what the filter answers, call by call.
  func explain() throws(Failure) {
    let format = try options.words(of: "--explain")
    // A mistake in the question is told before the policy is compiled.
    for architecture in architectures { _ = try questions(for: architecture) }
    let shown = try shown()
    var explanations: [Explanation] = []
    for one in shown {
      for filters in one.policies {
        let questions = try questions(for: filters[0].architecture)
        let calls = questions?.map { $0.syscall } ?? []
        explanations.append(
          Explanation(
            filters, name: one.name, about: questions, beside: one.layers?.words(about: calls) ?? []
          )
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

  private var architectures: [Architecture] { options.chosenArchitectures }

  /// What is printed under one name.
  private struct Shown {
    /// For each architecture the filters of the policy.
    let policies: [[CompiledPolicy]]
    let name: String
    /// What stands beside the filter; `nil` for one that was read.
    var layers: Layers?
  }

  /// The filters to print: that of the policy, or others that were read.
  private func shown() throws(Failure) -> [Shown] {
    guard options.filter != nil || options.verify != nil else { return [try compiled()] }
    let asksPolicy = options.programFormat == .smt2
    guard architectures.count == 1, let architecture = architectures.first else {
      throw .usage("a filter that is read is of one architecture; say which by --arch")
    }
    let policy =
      asksPolicy
      ? try ChosenPolicy(options, PolicySources(options), for: architecture).policy
      : Policy(defaultVerdict: .allow, rules: [])
    return try ReadFilter.chosen(by: options).map { filter in
      let compiled = CompiledPolicy(reading: filter.program, against: policy, for: architecture)
      return Shown(policies: [[compiled]], name: filter.name)
    }
  }

  /// Whether the filters that are read mean the policy that the command line names; `nil` where it names
  /// none, or JSON is wanted.
  private func judgement(of shown: [Shown]) throws(Failure) -> String? {
    let isRead = options.filter != nil || options.verify != nil
    guard isRead, options.programFormat != .json,
      options.given.contains(where: { $0.name == .policy })
    else { return nil }
    let chosen = try ChosenPolicy(options, PolicySources(options), for: architectures[0])
    let programs = shown.flatMap { one in
      one.policies.flatMap { $0 }.map { (name: one.name, chain: FilterChain($0.program)) }
    }
    var lines = programs.map { judgement(of: $0.chain, named: $0.name, chosen) }
    if programs.count > 1 {
      let all = FilterChain(shown.flatMap { $0.policies.flatMap { $0 } })
      lines.append(judgement(of: all, named: "all of them together", chosen, isPlural: true))
    }
    return lines.joined(separator: "\n")
  }

  private func judgement(
    of chain: FilterChain, named name: String, _ chosen: ChosenPolicy, isPlural: Bool = false
  ) -> String {
    do throws(ProofError) {
      try Proof.check(chain, means: chosen.policy, for: architectures[0])
      return "\(name) \(isPlural ? "are" : "is") proven to mean policy \(chosen.name)"
    } catch {
      switch error {
      case .disproved(let call):
        return "\(name) \(isPlural ? "do" : "does") not mean policy \(chosen.name): \(call)"
      case .undecided(let undecided):
        return "\(name) may mean policy \(chosen.name) or not: \(undecided)"
      }
    }
  }

  private func compiled() throws(Failure) -> Shown {
    let sources = try PolicySources(options)
    var policies: [[CompiledPolicy]] = []
    var layers: Layers?
    for (index, architecture) in architectures.enumerated() {
      // The text is the same for each.
      let chosen = try ChosenPolicy(options, sources, for: architecture, warns: index == 0)
      layers = chosen.layers
      policies.append(try chosen.filters(for: architecture).compiled)
    }
    return Shown(policies: policies, name: sources.name, layers: layers)
  }
}

extension Options {
  /// The architectures of `--arch`; this machine's where it was not said.
  var chosenArchitectures: [Architecture] {
    architectures?.all ?? [.host]
  }

  /// The format of a program that was asked for; `nil` for none.
  var programFormat: Dump.Format? {
    if case .program(let format)? = format { return format }
    return nil
  }

  /// The format of what is told in words.
  ///
  /// - Parameter mode: Who tells it.
  /// - Returns: The listing or JSON.
  /// - Throws: Which other one was asked for.
  func words(of mode: String) throws(Failure) -> Dump.Format {
    let name: String
    switch format {
    case nil: return .listing
    case .program(let format)?:
      if format == .listing || format == .json { return format }
      name = format.name
    case .profile(let format)?: name = format.name
    }
    throw .usage("\(mode) prints --format listing or json, not \(name)")
  }
}

extension Failure {
  /// A format that holds one program was asked for several.
  static func oneProgram(_ format: String) -> Failure {
    .usage(
      "--format \(format) holds one program; choose "
        + Architecture.natives.map { "--arch \($0)" }.joined(separator: " or "))
  }
}
