internal import BPFAssembler

/// `nonet --verify PID`: which policy a running process is under.
struct Verify {
  let options: Options
  let process: pid_t

  /// Says of each filter of the process what it is.
  ///
  /// - Returns: The exit status: 0 where one of the filters is known, else 1.
  func perform() throws(Failure) -> CInt {
    let filters = try ReadFilter.running(in: process)
    let known = try KnownFilters(options)
    var lines = [
      "process \(process): \(filters.count == 1 ? "1 filter" : "\(filters.count) filters, the oldest first")"
    ]
    var isKnown = false
    for (index, filter) in filters.enumerated() {
      let name = known.name(of: filter)
      if name != nil { isKnown = true }
      lines.append(
        "  \(index + 1): \(filter.program.instructions.count) instructions, "
          + (name ?? "no policy that is known here"))
    }
    if !isKnown { lines.append("nonet --explain --verify \(process) says what they answer") }
    try printOut(lines.joined(separator: "\n") + "\n")
    return isKnown ? 0 : 1
  }
}

/// The filters that this nonet installs: for the policy of the command line and for every preset.
private struct KnownFilters {
  private struct Known {
    let name: String
    /// The filter by itself.
    let policy: Policy
    /// Each filter with what is said of it.
    var variants: [(bytes: [UInt8], words: String)] = []
    /// The filter where Landlock holds AF_UNIX sockets; that of `default` is the one of `unix`.
    var held: [UInt8]?
  }

  /// What a proof that a filter means a policy may cost; a preset's takes a few hundred steps.
  private static let mostSteps = 2_000_000

  private var known: [Known] = []

  /// Compiles and proves them.
  ///
  /// - Throws: What is wrong with the policy of the command line.
  init(_ options: Options) throws(Failure) {
    if options.unchangedPreset == nil { try add(options) }
    for preset in Preset.allCases {
      let plain = Options()
      plain.policy = .preset(preset)
      plain.isQuiet = true
      try add(plain)
    }
  }

  private mutating func add(_ options: Options) throws(Failure) {
    let purpose = SupervisedRun.Purpose(options)
    for deniesDebug in [false, true] {
      let chosen = try ChosenPolicy(options, deniesDebug: deniesDebug)
      let checked = try chosen.filters(for: .host).checked
      let words = deniesDebug ? ", with the calls of @debug denied for want of Landlock" : ""
      var one = Known(name: chosen.name + words, policy: chosen.policy)
      guard let oracle = checked.single else {
        // Nor can it be supervised.
        let programs = checked.chain.programs
        for (index, program) in programs.enumerated() {
          one.variants.append((program.bytes, ", filter \(index + 1) of \(programs.count)"))
        }
        known.append(one)
        continue
      }
      one.variants.append((oracle.program.bytes, ""))
      let held = try HeldSockets.policy(chosen, hasNamespace: chosen.layers.hasNamespace)
      one.held = try held.filters(for: .host).checked.single?.program.bytes
      for supervised in Self.supervised {
        var purpose = purpose
        supervised.ask(&purpose)
        // A policy that cannot be supervised has no such filter.
        guard
          let filter = Self.filter(oracle, chosen, purpose, nil),
          !one.variants.contains(where: { $0.bytes == filter })
        else { continue }
        one.variants.append((filter, ", with a supervisor (\(supervised.words))"))
      }
      for (wantsSends, words) in [
        (false, "sockets of its own network"), (true, "sockets of its own network, with a log"),
      ] {
        guard
          let network = PrivateNetwork(
            oracle.program, watching: PrivateSockets.watched(options), wantsSends: wantsSends),
          let filter = Self.filter(oracle, chosen, purpose, network)
        else { continue }
        one.variants.append((filter, ", with a supervisor (\(words))"))
      }
      known.append(one)
    }
  }

  /// What a supervisor is asked for, as far as filters differ by it.
  private static var supervised: [(words: String, ask: (inout SupervisedRun.Purpose) -> Void)] {
    [
      ("--log and its like", { _ in }),
      ("--allow-unix inside", { $0.allowedUnix = [Word(copying: Array("inside".utf8))] }),
      ("--allow-unix of a path", { $0.allowedUnix = [Word(copying: Array("/".utf8))] }),
      ("--observe", { $0.isObserving = true }),
    ]
  }

  private static func filter(
    _ oracle: CheckedProgram, _ chosen: ChosenPolicy, _ purpose: SupervisedRun.Purpose,
    _ network: PrivateNetwork?
  ) -> [UInt8]? {
    do throws(Failure) {
      return try SupervisedRun.filter(oracle, of: chosen, named: chosen.name, purpose, network)
        .program.bytes
    } catch {
      return nil
    }
  }

  /// What a filter is; `nil` where it is none of these and means none of the policies.
  func name(of filter: ReadFilter) -> String? {
    let bytes = filter.program.bytes
    let held = known.first { $0.held == bytes }?.name
    for one in known {
      for variant in one.variants where variant.bytes == bytes {
        let other = held.map { "; so is that of policy \($0) where Landlock holds AF_UNIX sockets" }
        return
          "policy \(one.name)\(variant.words), byte for byte\(one.name == held ? "" : other ?? "")"
      }
    }
    if let held { return "policy \(held), with AF_UNIX sockets that Landlock holds, byte for byte" }
    for one in known {
      do throws(ProofError) {
        try Proof.check(
          filter.program, means: one.policy, for: .host, limit: Self.mostSteps)
        return "proven to mean policy \(one.name), in other bytes"
      } catch { continue }
    }
    return nil
  }
}
