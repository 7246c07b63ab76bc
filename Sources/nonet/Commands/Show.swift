internal import BPFAssembler

/// `nonet --dump-bpf` and `nonet --explain`: prints the filter that would be installed.
struct Show {
  let options: Options

  /// Prints the filter in the format asked for.
  func dump() throws(Failure) {
    let format = options.format ?? .listing
    if architectures.count > 1, !format.holdsSeveral {
      throw .usage(
        "--format \(format.rawValue) holds one program; choose --arch x86_64 or --arch aarch64")
    }
    let (policies, names) = try compiled()
    try printOut(Dump(policies, names).bytes(format))
  }

  /// Prints what the filter answers, call by call.
  func explain() throws(Failure) {
    let format = options.format ?? .listing
    guard format == .listing || format == .json else {
      throw .usage("--explain prints --format listing or json, not \(format.rawValue)")
    }
    let (policies, names) = try compiled()
    let explanations = policies.map { Explanation($0, names) }
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

  private func compiled() throws(Failure) -> ([CompiledPolicy], PolicyNames) {
    let chosen = try ChosenPolicy(options)
    var policies: [CompiledPolicy] = []
    for architecture in architectures {
      policies.append(try chosen.checked(for: architecture).compiled)
    }
    return (policies, chosen.names)
  }
}
