/// All calls there are, cut into constraints in which only the arguments matter.
///
/// arch has 2^32 values and nr too. What the policy says changes only at the ABIs' audit values,
/// at the ends of the ABI's ranges and at the calls that a rule names.
struct PolicyConstraints {
  /// Some arch values and some numbers, and what the policy says of them.
  struct Region {
    let archs: ClosedRange<UInt32>
    let numbers: ClosedRange<UInt32>
    let meaning: CallSemantics
  }

  private let policy: Policy
  private let native: Architecture
  /// Together they hold each pair of arch and number exactly once.
  private(set) var regions: [Region] = []

  init(_ policy: Policy, native: Architecture) {
    self.policy = policy
    self.native = native
    let architectures = ([native] + (native.compat.map { [$0] } ?? []))
      .sorted { $0.auditValue < $1.auditValue }
    var lowest: UInt32 = 0
    for architecture in architectures {
      let value = architecture.auditValue
      if lowest < value { append(lowest...value &- 1, 0...UInt32.max) }
      if architecture != native, case .verdict = policy.foreign {
        append(value...value, 0...UInt32.max)
      } else {
        append(numbersOf: architecture)
      }
      lowest = value &+ 1
    }
    // No audit value is the last number there is: lowest has not wrapped.
    append(lowest...UInt32.max, 0...UInt32.max)
  }

  private mutating func append(numbersOf architecture: Architecture) {
    let value = architecture.auditValue
    let mentions = mentions(on: architecture)
    let starts = starts(on: architecture, mentions)
    var next = mentions[...]
    for (index, start) in starts.enumerated() {
      let end = index + 1 < starts.count ? starts[index + 1] &- 1 : UInt32.max
      guard let call = next.first?.call, next.first?.number == start else {
        append(value...value, start...end)
        continue
      }
      let same = next.prefix { $0.number == start }
      next = next.dropFirst(same.count)
      let meaning = CallSemantics(call, same.map { $0.rule }, of: policy, on: architecture)
      regions.append(Region(archs: value...value, numbers: start...end, meaning: meaning))
    }
  }

  /// Adds a region of one verdict, which the reference tells at its lower end.
  private mutating func append(_ archs: ClosedRange<UInt32>, _ numbers: ClosedRange<UInt32>) {
    let corner = SystemCall(arch: archs.lowerBound, number: numbers.lowerBound)
    let answer = policy.verdict(of: corner, native: native).kernelAnswer(refusal: policy.refusal)
    regions.append(Region(archs: archs, numbers: numbers, meaning: CallSemantics(answer: answer)))
  }
}

extension PolicyConstraints {
  /// A rule that names the call of a number.
  private struct Mention {
    let number: UInt32
    let rule: Int
    let call: Syscall
  }

  /// Every rule of every named call that this ABI has, by number and then in the rules' order.
  private func mentions(on architecture: Architecture) -> [Mention] {
    var mentions: [Mention] = []
    for (index, rule) in policy.rules.enumerated() {
      for call in rule.calls {
        // The reference goes from the number to the call, and so must this.
        guard let number = call.number(on: architecture),
          Syscall.at(number: number, on: architecture) == call
        else { continue }
        mentions.append(Mention(number: number, rule: index, call: call))
      }
    }
    mentions.sort { ($0.number, $0.rule) < ($1.number, $1.rule) }
    return mentions
  }

  /// The lower ends of the regions of one ABI, rising, each once.
  private func starts(on architecture: Architecture, _ mentions: [Mention]) -> [UInt32] {
    var starts: [UInt32] = [0, architecture.newestNumber &+ 1, Architecture.skippedNumber]
    // Between private numbers lie no others, but one of them may lack a call.
    if let numbers = architecture.privateNumbers { starts += numbers.map { $0 } }
    let ranges = [
      architecture.privateNumbers, architecture.x32TableNumbers, architecture.x32Numbers,
    ]
    for case let range? in ranges {
      starts += [range.lowerBound, range.upperBound &+ 1]
    }
    for mention in mentions { starts += [mention.number, mention.number &+ 1] }
    starts.sort()
    var last: UInt32?
    return starts.filter { start in
      defer { last = start }
      return start != last
    }
  }
}
