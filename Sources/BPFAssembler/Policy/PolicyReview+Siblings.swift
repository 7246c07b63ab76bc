/// Calls of which one was forgotten.
extension PolicyReview {
  /// Calls that do the same, so that refusing one without the other refuses nothing.
  private static let equals: [(refused: String, open: String)] = [
    ("sendmsg", "sendmmsg"), ("sendmmsg", "sendmsg"), ("recvmsg", "recvmmsg"),
    ("recvmmsg", "recvmsg"), ("socket", "io_uring_setup"), ("socket", "socketcall"),
    ("chmod", "fchmodat"), ("chown", "fchownat"), ("access", "faccessat"),
  ]
  /// What a newer form of a call has behind its name: wider values, flags, or a folder to begin at.
  private static let newer = ["64", "32", "_time64", "_64", "1", "2", "3", "4", "at", "at2"]
  /// Calls whose name with more behind it is another one's.
  private static let unlike = ["dup", "fchmod", "fchownat", "clone3"]

  func gaps() -> [PolicyDiagnostic] {
    guard !policy.defaultVerdict.refuses else { return [] }
    var refused: [Syscall: (rule: LocatedRule, call: Int)] = [:]
    var order: [Syscall] = []
    for rule in rules where rule.rule.verdict.refuses {
      for (index, call) in rule.rule.calls.enumerated() where refused[call] == nil {
        refused[call] = (rule, index)
        order.append(call)
      }
    }
    var warnings: [PolicyDiagnostic] = []
    func report(_ call: Syscall, _ open: Syscall?, _ abis: String = "") {
      guard let open, let place = refused[call], refused[open] == nil,
        architectures.contains(where: { open.number(on: $0) != nil })
      else { return }
      warnings.append(
        warning(
          place.rule,
          "\(call.name) is refused but \(open.name), which does the same\(abis), is not",
          at: place.call))
    }
    for pair in Self.equals {
      if let call = Syscall(named: pair.refused) { report(call, Syscall(named: pair.open)) }
    }
    for call in order {
      for other in forms(of: call, refusedBy: refused[call]?.rule) {
        let abis = architectures.filter { other.number(on: $0) != nil }
        if abis.isEmpty { continue }
        let isEverywhere = abis.count == architectures.count
        report(call, other, isEverywhere ? "" : " on " + Self.list(abis.map { $0.name }))
      }
    }
    return warnings
  }

  /// The ABIs for which the rules are compiled on some machine.
  var architectures: [Architecture] {
    policy.foreign == .compile ? Architecture.allCases : Architecture.natives
  }

  /// Older and newer forms of a call.
  private func forms(of call: Syscall, refusedBy rule: LocatedRule?) -> [Syscall] {
    let name = call.name
    var forms =
      Self.unlike.contains(name) ? [] : Self.newer.compactMap { Syscall(named: name + $0) }
    // What is tested in flags is told by `openFlags`, and ENOSYS means that the older form is to be used.
    if let rule, testedFlags(of: call, in: rule) != nil { return [] }
    if rule?.rule.verdict == .deny(.enosys) || Self.probing.contains(name) { return forms }
    for suffix in Self.newer where name.utf8.count > suffix.utf8.count {
      let length = name.utf8.count - suffix.utf8.count
      guard name.utf8.suffix(suffix.utf8.count).elementsEqual(suffix.utf8) else { continue }
      let older = String(decoding: Array(name.utf8.prefix(length)), as: UTF8.self)
      if !Self.unlike.contains(older), let found = Syscall(named: older) { forms.append(found) }
    }
    return forms
  }

  static func list(_ names: [String]) -> String {
    guard names.count > 1, let last = names.last else { return names.first ?? "" }
    return names.dropLast().joined(separator: ", ") + " and " + last
  }
}

/// Flags that are tested in one call and open in another.
extension PolicyReview {
  /// CLONE_NEWTIME and the other namespaces of unshare(2), linux/sched.h.
  private static let namespaces: UInt64 = 0x7e02_0080
  /// O_WRONLY, O_RDWR, O_CREAT and O_TRUNC, which creat(2) stands for.
  private static let writing: UInt64 = 0x243

  func openFlags() -> [PolicyDiagnostic] {
    var warnings: [PolicyDiagnostic] = []
    var told: [String] = []
    for rule in rules {
      for (index, call) in rule.rule.calls.enumerated() {
        guard let tested = testedFlags(of: call, in: rule), !told.contains(call.name) else {
          continue
        }
        told.append(call.name)
        if !mayRun(call) || !mayBeRefused(call) { continue }
        // What is said of clone need not be said of unshare again.
        for words in others(beside: call.name, tested)
        where !warnings.contains(where: { $0.message == words }) {
          warnings.append(warning(rule, words, at: index))
        }
      }
    }
    return warnings
  }

  /// The bits of a call's flags that a rule looks at; `nil` where it looks at none.
  private func testedFlags(of call: Syscall, in rule: LocatedRule) -> UInt64? {
    let place: Int
    switch call.name {
    case "clone", "unshare": place = 0
    case "open": place = 1
    case "openat": place = 2
    case _: return nil
    }
    let comparisons = (rule.rule.condition?.comparisons ?? []).filter { comparison in
      Architecture.natives.contains {
        comparison.argument.location(in: call, on: $0)?.index == place
      }
    }
    if comparisons.isEmpty { return nil }
    return comparisons.flatMap { $0.constants + ($0.mask.map { [$0] } ?? []) }.reduce(0) {
      $0 | $1.number(on: .x86_64, isWord: true)
    }
  }

  private func others(beside name: String, _ tested: UInt64) -> [String] {
    func isOpen(_ name: String) -> Bool { Syscall(named: name).map { mayRun($0) } ?? false }
    func isForgotten(_ name: String) -> Bool {
      Syscall(named: name).map { mayRun($0) && !mayBeRefused($0) } ?? false
    }
    let hidden = "behind a pointer, where no filter sees them"
    var words: [String] = []
    switch name {
    case "unshare" where tested & Self.namespaces == 0: break
    case "clone", "unshare":
      if isOpen("clone3") {
        words.append(
          "clone3 does the same with flags \(hidden); add 'deny clone3 with ENOSYS', on which C libraries fall "
            + "back to clone")
      }
      if name == "unshare", isForgotten("clone") {
        words.append("clone makes namespaces by the same flags; add a rule for its flags")
      }
    case _:
      if isOpen("openat2") {
        words.append(
          "openat2 takes its flags \(hidden); add 'deny openat2 with ENOSYS', on which programs fall back to "
            + "openat")
      }
      for other in ["open", "openat"] where other != name && isForgotten(other) {
        words.append("\(other) opens files by the same flags; name it in a rule for them, too")
      }
      if tested & Self.writing != 0, isForgotten("creat") {
        words.append(
          "creat opens files as O_CREAT, O_WRONLY and O_TRUNC do, without flags; name it, too")
      }
    }
    return words
  }

  /// Whether some arguments let a call run.
  private func mayRun(_ call: Syscall) -> Bool { mayGet(call) { !$0.refuses } }

  /// Whether some arguments get a call refused.
  private func mayBeRefused(_ call: Syscall) -> Bool { mayGet(call) { $0.refuses } }

  private func mayGet(_ call: Syscall, _ isMeant: (Verdict) -> Bool) -> Bool {
    for rule in rules where rule.rule.calls.contains(call) {
      if isMeant(rule.rule.verdict) { return true }
      if rule.rule.condition == nil { return false }
    }
    return isMeant(policy.defaultVerdict)
  }
}
