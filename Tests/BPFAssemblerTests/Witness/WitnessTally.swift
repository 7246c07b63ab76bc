/// What many cases came to.
struct WitnessTally {
  /// Policies whose programs the interpreter ran, and with how many calls.
  var policies = 0
  var calls = 0
  /// Policies whose programs are longer than the kernel takes.
  var tooLong = 0
  /// Programs that `Proof` proved, and those with more cases than it was given steps for.
  var proven = 0
  var unproven = 0
  /// The first of the latter in words.
  var open: [String] = []
  /// Emitted instructions, those that no call can execute, and those of which that is not known.
  var instructions = 0
  var unreachable = 0
  var undecided = 0
  /// Policies and calls that the kernel was asked about, and how many calls it killed.
  var kernelPolicies = 0
  var kernelCalls = 0
  var kills = 0
  /// Texts that the parser was given, and those that were policies.
  var texts = 0
  var accepted = 0
  /// What the witnesses did not agree on.
  var disagreements = 0
  /// The first disagreements in words.
  var faults: [String] = []

  private static let mostFaults = 20

  /// Notes a disagreement.
  mutating func fault(_ text: String) {
    disagreements += 1
    if faults.count < Self.mostFaults { faults.append(text) }
  }

  static func += (sum: inout WitnessTally, other: WitnessTally) {
    for number in Self.numbers { sum[keyPath: number] += other[keyPath: number] }
    sum.open += other.open.prefix(Self.mostFaults - Swift.min(sum.open.count, Self.mostFaults))
    sum.faults += other.faults.prefix(Self.mostFaults - sum.faults.count)
  }

  private static var numbers: [WritableKeyPath<WitnessTally, Int>] {
    [
      \.policies, \.calls, \.tooLong, \.proven, \.unproven, \.instructions, \.unreachable,
      \.undecided, \.kernelPolicies, \.kernelCalls, \.kills, \.texts, \.accepted, \.disagreements,
    ]
  }
}

extension WitnessTally: CustomStringConvertible {
  /// The numbers as sentences, but for witnesses that were not asked.
  var description: String {
    var lines = [
      "interpreter and reference: \(policies) policies, \(calls) calls, \(tooLong) too long to load",
      "proof: \(proven) programs proven, \(unproven) with more cases than it was given steps for",
      "coverage: \(instructions) instructions, \(unreachable) unreachable, \(undecided) not decided",
    ]
    if kernelPolicies > 0 {
      lines.append(
        "kernel: \(kernelPolicies) policies, \(kernelCalls) calls, \(kills) of them killed")
    }
    if texts > 0 { lines.append("parser: \(texts) texts, \(accepted) of them policies") }
    lines.append("disagreements: \(disagreements)")
    return lines.joined(separator: "\n")
  }
}
