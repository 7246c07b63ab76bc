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
    let (policies, name) = try compiled()
    try printOut(Dump(policies, name: name).bytes(format))
  }

  /// Prints what the filter answers, call by call.
  func explain() throws(Failure) {
    let format = try options.words(of: "--explain")
    let (policies, name) = try compiled()
    let explanations = policies.map { Explanation($0, name: name) }
    let text =
      format == .json
      ? "[" + explanations.map { $0.json }.joined(separator: ",\n") + "]\n"
      : explanations.map { $0.text }.joined(separator: "\n")
    try printOut(text)
  }

  private var architectures: [Architecture] { options.chosenArchitectures }

  private func compiled() throws(Failure) -> ([CompiledPolicy], name: String) {
    let sources = try PolicySources(options)
    var options = options
    var policies: [CompiledPolicy] = []
    for architecture in architectures {
      let chosen = try ChosenPolicy(options, sources, for: architecture)
      policies.append(try chosen.checked(for: architecture).compiled)
      // The text is the same for each, and its warnings have been said.
      options.isQuiet = true
    }
    return (policies, sources.name)
  }
}

extension Options {
  /// The architectures of `--arch`; this machine's where it was not said.
  var chosenArchitectures: [Architecture] {
    switch architectures {
    case nil: [.host]
    case .one(let architecture): [architecture]
    case .all: Architecture.natives
    }
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
