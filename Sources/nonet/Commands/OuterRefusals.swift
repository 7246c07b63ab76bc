internal import BPFAssembler

/// What a sandbox around this process refuses by itself, found out by trying.
///
/// A filter's errno outranks a question to a supervisor (seccomp(2)), so what an outer nonet refuses
/// never comes to this one, and no log of this one tells of it.
struct OuterRefusals {
  /// The calls, as people write them.
  let calls: [String]

  /// Tries what the policy refuses.
  ///
  /// - Parameter oracle: What the policy answers.
  init(_ oracle: Program) {
    var found: [String] = []
    for (name, family) in [("AF_INET", AF_INET), ("AF_UNIX", AF_UNIX)] {
      let arguments = [UInt64(family), UInt64(SocketType.stream)]
      guard Self.refuses(oracle, "socket", arguments) else { continue }
      let refusal = Here.refusal(ofSocket: family)
      if refusal == EACCES || refusal == EPERM { found.append("socket \(name)") }
    }
    if Self.refuses(oracle, "connect", [3, 1 << 32, 16]), Here.refusesConnect {
      found.append("connect")
    }
    calls = found
  }

  /// The calls in a sentence; `nil` where there are none.
  var sentence: String? {
    calls.isEmpty
      ? nil
      : "a sandbox around this nonet refuses \(calls.joined(separator: " and ")) itself, before this "
        + "one is asked"
  }

  private static func refuses(_ oracle: Program, _ call: String, _ arguments: [UInt64]) -> Bool {
    guard let number = Syscall(named: call)?.number(on: .host) else { return false }
    let data = SeccompData(
      nr: number, arch: Architecture.host.auditValue, arguments: arguments)
    return oracle.run(data) & 0xffff_0000 == SeccompReturn.errno
  }
}
