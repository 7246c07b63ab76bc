import BPFAssembler

/// One line of a `.cases` file: calls and what a policy must answer to them.
///
/// `Fixtures/policies/every.cases` explains the form.
struct VerdictCase {
  let line: String
  let verdict: Verdict
  /// Each call with the native architecture of the filter that is asked.
  let calls: [(native: Architecture, call: SystemCall)]

  /// A line that no reader could make sense of.
  struct Nonsense: Error { let line: String }

  /// The cases of a file, without comments and empty lines.
  static func all(in text: String) throws(Nonsense) -> [VerdictCase] {
    var cases: [VerdictCase] = []
    for line in text.split(separator: "\n") where line.first != "#" {
      cases.append(try VerdictCase(String(line)))
    }
    return cases
  }

  private init(_ line: String) throws(Nonsense) {
    let words = line.split(separator: " ").map { String($0) }
    guard words.count >= 4, words[words.count - 2] == "->",
      let verdict = Self.verdict(words[words.count - 1])
    else { throw Nonsense(line: line) }
    self.line = line
    self.verdict = verdict
    var calls: [(Architecture, SystemCall)] = []
    for (native, architecture, arch) in Self.abis(words[0]) {
      guard let number = Self.number(words[1], architecture) else { throw Nonsense(line: line) }
      var arguments: [UInt64] = []
      for word in words[2..<words.count - 2] {
        guard let value = Self.value(word, architecture) else { throw Nonsense(line: line) }
        arguments.append(value)
      }
      calls.append((native, SystemCall(arch: arch, number: number, arguments: arguments)))
    }
    guard !calls.isEmpty else { throw Nonsense(line: line) }
    self.calls = calls
  }

  /// The filter that is asked, the ABI whose names are meant, and the arch value of the call.
  private static func abis(_ word: String) -> [(Architecture, Architecture, UInt32)] {
    Architecture.natives.flatMap { native in
      let own = [native] + (native.compat.map { [$0] } ?? [])
      switch word {
      case "all": return own.map { (native, $0, $0.auditValue) }
      case "64": return own.filter { !$0.is32Bit }.map { (native, $0, $0.auditValue) }
      case "32": return own.filter { $0.is32Bit }.map { (native, $0, $0.auditValue) }
      case "other":
        // 64-bit and 32-bit PowerPC, MIPS, RISC-V, and what belongs to the other native.
        let strangers: [UInt32] = [0xc000_0015, 0x14, 0x4000_0008, 0xc000_00f3, 0, .max]
        let foreign = Architecture.allCases.filter { !own.contains($0) }.map { $0.auditValue }
        return (strangers + foreign).map { (native, native, $0) }
      default: return own.filter { $0.name == word }.map { (native, $0, $0.auditValue) }
      }
    }
  }

  private static func number(_ word: String, _ architecture: Architecture) -> UInt32? {
    var number: UInt32 = 0
    for part in word.split(separator: "|") {
      if part == "newest" {
        number |= architecture.newestNumber
      } else if part == "newest+1" {
        number |= architecture.newestNumber + 1
      } else if let call = Syscall(named: String(part)) {
        guard let own = call.number(on: architecture) else { return nil }
        number |= own
      } else {
        guard let value = TableFile.number(String(part)) else { return nil }
        number |= UInt32(truncatingIfNeeded: value)
      }
    }
    return number
  }

  private static func value(_ word: String, _ architecture: Architecture) -> UInt64? {
    var value: UInt64 = 0
    for part in word.split(separator: "|") {
      let constant = NamedConstant(named: String(part))?.value(on: architecture)
      guard let number = constant ?? TableFile.number(String(part)) else { return nil }
      value |= number
    }
    return value
  }

  private static func verdict(_ word: String) -> Verdict? {
    switch word {
    case "ALLOW": .allow
    case "LOG": .log
    case "KILL": .kill
    default: Errno(named: word).map { .deny($0) }
    }
  }
}
