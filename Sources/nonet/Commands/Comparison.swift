internal import BPFAssembler

/// `nonet --diff A B`: whether two policies mean the same, as diff(1) says it of files.
struct Comparison {
  let options: Options
  let first: Options.PolicyChoice
  let second: Options.PolicyChoice

  /// The status where no comparison was made.
  private static let trouble: CInt = 2

  /// Prints each difference with a call that shows it.
  ///
  /// - Returns: 0 where there is none, 1 where there is.
  /// - Throws: A failure of status 2 where the policies cannot be compared.
  func perform() throws(Failure) -> CInt {
    do throws(Failure) {
      return try compare()
    } catch {
      throw Failure(status: Self.trouble, message: error.message, showsUsage: error.showsUsage)
    }
  }

  private func compare() throws(Failure) -> CInt {
    if case .standardInput = first, case .standardInput = second {
      throw .usage("--diff: standard input is one policy, and not both")
    }
    let sources = [try PolicySource(first), try PolicySource(second)]
    var text = ""
    for (index, architecture) in options.chosenArchitectures.enumerated() {
      var policies: [Policy] = []
      for source in sources {
        policies.append(
          try ChosenPolicy(
            options, PolicySources(source), for: architecture, warns: index == 0
          ).policy)
      }
      do throws(CheckedProgram.Failure) {
        let differences = try policies[0].differences(from: policies[1], for: architecture)
        for difference in differences { text += difference.words(for: architecture) }
      } catch {
        throw .refused("the policies cannot be compared on \(architecture): \(error.description)")
      }
    }
    if text.isEmpty { return 0 }
    try printOut("--- \(sources[0].name)\n+++ \(sources[1].name)\n" + text)
    return 1
  }
}

extension PolicyDifference {
  /// The difference as two lines, or two paragraphs for many calls.
  fileprivate func words(for native: Architecture) -> String {
    let place = subjectWords(for: native)
    return "-\(place): \(own)\n+\(place): \(other)\n"
  }

  func subjectWords(for native: Architecture) -> String {
    switch subject {
    case .calls(let calls, let architectures):
      let names = calls.map { $0.name }.joined(separator: ", ")
      return "\(Self.names(architectures)) \(names)"
    case .arguments(let call, let architectures):
      let arguments = example.arguments.map(Self.hexadecimal).joined(separator: ", ")
      return "\(Self.names(architectures)) \(call.name)(\(arguments))"
    case .x32: return "x32 calls"
    case .x32WithoutBit: return "x32 calls without bit 30 (512 to 547, before Linux 5.4)"
    case .unknown: return "\(native) calls above \(native.newestNumber)"
    case .gaps: return "\(native) numbers of no call, such as \(example.number)"
    case .foreign(let architecture):
      let call = Syscall.at(number: example.number, on: architecture)
      return "\(architecture) calls, such as \(call?.name ?? "\(example.number)")"
    }
  }

  private static func names(_ architectures: [Architecture]) -> String {
    architectures.map { $0.name }.joined(separator: " and ")
  }

  private static func hexadecimal(_ number: UInt64) -> String {
    number < 10 ? "\(number)" : "0x\(String(number, radix: 16))"
  }
}
