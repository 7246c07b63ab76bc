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
    let (policies, name) = try compiled()
    try printOut(Dump(policies, name: name).bytes(format))
  }

  /// Prints what the filter answers, call by call.
  func explain() throws(Failure) {
    let format = options.format ?? .listing
    guard format == .listing || format == .json else {
      throw .usage("--explain prints --format listing or json, not \(format.name)")
    }
    let (policies, name) = try compiled()
    let explanations = policies.map { Explanation($0, name: name) }
    let text =
      format == .json
      ? "[" + explanations.map { $0.json }.joined(separator: ",\n") + "]\n"
      : explanations.map { $0.text }.joined(separator: "\n")
    try printOut(text)
  }

  private var architectures: [Architecture] {
    switch options.architectures {
    case nil: [.host]
    case .one(let architecture): [architecture]
    case .all: Architecture.natives
    }
  }

  private func compiled() throws(Failure) -> ([CompiledPolicy], name: String) {
    let chosen = try ChosenPolicy(options)
    var policies: [CompiledPolicy] = []
    for architecture in architectures {
      policies.append(try chosen.checked(for: architecture).compiled)
    }
    return (policies, chosen.name)
  }
}
