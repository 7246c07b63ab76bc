internal import BPFAssembler

/// The machine that a profile is resolved for.
struct ProfileTarget {
  let architecture: Architecture
  /// The running kernel, for `minKernel`.
  let kernel: KernelVersion?
  /// The capabilities of the command; a plain run has none beyond its own.
  var capabilities: [[UInt8]] = []

  /// The architecture in the words of profiles (`SCMP_ARCH_*`): its own name in capitals, but for one.
  static func name(of architecture: Architecture) -> String {
    if architecture == .i386 { return "SCMP_ARCH_X86" }
    let capitals = architecture.name.utf8.map { byte in
      UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte ? byte - 0x20 : byte
    }
    return "SCMP_ARCH_" + String(decoding: capitals, as: UTF8.self)
  }

  /// The architecture as Go names it, which `includes` and `excludes` compare with.
  fileprivate var goName: String {
    switch architecture {
    case .x86_64: "amd64"
    case .i386: "386"
    case .aarch64: "arm64"
    default: architecture.name
    }
  }
}

/// A profile as a policy for one machine.
struct ResolvedProfile {
  let policy: Policy
  /// What is strange about it.
  let warnings: [ProfileMessage]
}

extension Profile {
  /// The policy that engines make of the profile.
  ///
  /// What runtime-spec leaves open is as runc, crun and libseccomp have it:
  /// - An entry with the default's own action is left out (runc, `matchCall`).
  /// - The comparisons of an entry must all hold; where an argument is there twice, one is enough.
  /// - An entry without comparisons decides, wherever it stands, and the first of them does. A mask of no bit
  ///   is none.
  /// - Entries with comparisons have no order. Where two of them take the same arguments and say
  ///   different things, libseccomp's own order of arguments would decide, or it fails: an error here.
  /// - On i386 an entry about a socket or System V call is one about `socketcall` or `ipc` too, with the
  ///   number of the call in place of the first argument (libseccomp, `arch-x86.c`).
  /// - Calls of an architecture that is not listed kill, x32 among them.
  ///
  /// - Parameters:
  ///   - target: The machine.
  ///   - name: What the document is called, for the places of rules.
  /// - Returns: The policy, and what is to be warned of.
  /// - Throws: Entries that contradict each other.
  func resolved(for target: ProfileTarget, named name: String) throws(ProfileMessage)
    -> ResolvedProfile
  {
    var builder = ProfileRules(self, target, name)
    for entry in entries where entry.counts(on: target) { try builder.add(entry) }
    let served = served(on: target)
    let compat = target.architecture.compat.map { ProfileTarget.name(of: $0) }
    let servesCompat = served.contains { name in compat.map { name.elementsEqual($0.utf8) } ?? false
    }
    // A kernel without x32 answers so, and few have it.
    let servesX32 = served.contains { $0.elementsEqual("SCMP_ARCH_X32".utf8) }
    try builder.finish(servesCompat: servesCompat)
    var policy = Policy(
      defaultVerdict: defaultVerdict, foreign: servesCompat ? .compile : .verdict(.kill),
      x32: servesX32 ? .deny(.enosys) : .kill, rules: builder.rules)
    // libseccomp knows these numbers as no call of x86_64.
    policy.x32WithoutBit = defaultVerdict
    return ResolvedProfile(policy: policy, warnings: builder.warnings)
  }

  /// The architectures beside the machine's own.
  private func served(on target: ProfileTarget) -> [[UInt8]] {
    guard let map else { return architectures }
    let name = ProfileTarget.name(of: target.architecture)
    let family = map.first { $0.architecture.elementsEqual(name.utf8) }
    return (family?.others ?? []) + architectures
  }
}

extension Profile.Entry {
  /// Whether the entry counts on a machine (moby and containers-common, `setupSeccomp`): on one of the
  /// included architectures and none of the excluded ones, with every included and no excluded capability.
  fileprivate func counts(on target: ProfileTarget) -> Bool {
    func isHere(_ name: [UInt8]) -> Bool { name.elementsEqual(target.goName.utf8) }
    func isNewEnough(_ limit: KernelVersion) -> Bool { target.kernel.map { $0 >= limit } ?? true }
    if excludes.architectures.contains(where: isHere) { return false }
    if excludes.capabilities.contains(where: { target.capabilities.contains($0) }) { return false }
    if let kernel = excludes.kernel, isNewEnough(kernel) { return false }
    if !includes.architectures.isEmpty, !includes.architectures.contains(where: isHere) {
      return false
    }
    if !includes.capabilities.allSatisfy({ target.capabilities.contains($0) }) { return false }
    if let kernel = includes.kernel, !isNewEnough(kernel) { return false }
    return true
  }
}

/// Collects the rules of a policy from a profile's entries.
private struct ProfileRules {
  /// Calls under comparisons that must all hold.
  private struct Case {
    let entry: Profile.Place
    let verdict: Verdict
    let comparisons: [Profile.Comparison]
    var calls: [Syscall]
    /// Whether the calls are `socketcall` or `ipc`, which the entry does not name.
    let isOfMultiplexer: Bool
  }

  /// What a call gets whatever its arguments are.
  private struct Decision {
    let verdict: Verdict
    let entry: Profile.Place
  }

  private(set) var rules: [Policy.Rule] = []
  private(set) var warnings: [ProfileMessage] = []
  private let profile: Profile
  private let target: ProfileTarget
  private let name: String
  private var decided = CallMap<Decision?>(repeating: nil)
  private var cases: [Case] = []

  init(_ profile: Profile, _ target: ProfileTarget, _ name: String) {
    self.profile = profile
    self.target = target
    self.name = name
  }

  mutating func add(_ entry: Profile.Entry) throws(ProfileMessage) {
    var calls: [Syscall] = []
    var unknown: [[UInt8]] = []
    for name in entry.names {
      if let call = Syscall(named: name) { calls.append(call) } else { unknown.append(name) }
    }
    if !unknown.isEmpty {
      let names = unknown.prefix(20).map { SafeText.shown($0.prefix(64)) }.joined(separator: ", ")
      warnings.append(
        ProfileMessage(
          entry.place, "no call is called \(names)\(unknown.count > 20 ? " and more" : ""); skipped"
        ))
    }
    // Without its empty masks, which libseccomp leaves out before it looks for a rule without comparisons.
    let alternatives = entry.alternatives.map { $0.filter { !$0.isEmpty(UInt64.max) } }
    warnings += entry.warnings(calls, target.architecture)
    // Engines leave such an entry out.
    if entry.verdict == profile.defaultVerdict { return }
    if alternatives.contains(where: { $0.isEmpty }) {
      decide(calls, entry)
    } else {
      for comparisons in alternatives {
        cases.append(
          Case(
            entry: entry.place, verdict: entry.verdict, comparisons: comparisons, calls: calls,
            isOfMultiplexer: false))
      }
    }
    multiplex(calls, entry.verdict, alternatives, entry.place)
  }

  private mutating func decide(_ calls: [Syscall], _ entry: Profile.Entry) {
    var own: [Syscall] = []
    for call in calls {
      guard let earlier = decided[call] else {
        decided[call] = Decision(verdict: entry.verdict, entry: entry.place)
        own.append(call)
        continue
      }
      if earlier.verdict != entry.verdict {
        warnings.append(
          ProfileMessage(
            entry.place,
            "\(call.name) stays with what \(earlier.entry.path) says: the first entry without args decides"
          ))
      }
    }
    if own.isEmpty { return }
    rules.append(Policy.Rule(entry.verdict, own, at: place(entry.place)))
  }

  private mutating func multiplex(
    _ calls: [Syscall], _ verdict: Verdict, _ alternatives: [[Profile.Comparison]],
    _ entry: Profile.Place
  ) {
    guard target.architecture.compat == .i386 else { return }
    for call in calls {
      guard let (multiplexer, code) = Self.multiplexer(of: call) else { continue }
      for comparisons in alternatives {
        let number = Profile.Comparison(
          place: entry, index: 0, test: .equal, value: code, second: 0)
        cases.append(
          Case(
            entry: entry, verdict: verdict,
            comparisons: [number] + comparisons.filter { $0.index != 0 }, calls: [multiplexer],
            isOfMultiplexer: true))
      }
    }
  }

  /// Turns what has been collected into rules, those without a comparison first.
  mutating func finish(servesCompat: Bool) throws(ProfileMessage) {
    var earlier = CallMap<[Int]>(repeating: [])
    for index in cases.indices {
      var open: [Syscall] = []
      for call in cases[index].calls {
        if let decider = decided[call] {
          if !cases[index].isOfMultiplexer, decider.verdict != cases[index].verdict {
            warnings.append(
              ProfileMessage(
                cases[index].entry,
                "\(call.name) gets what \(decider.entry.path) says, which has no args and so decides"
              ))
            try refuseEmptyMasks(
              cases[index], before: decider.entry, call, servesCompat: servesCompat)
          }
          // libseccomp fails before it comes to the entry that decides.
          if cases[index].entry.offset < decider.entry.offset {
            try refuseContradictions(
              to: index, with: &earlier[call], call, servesCompat: servesCompat)
          }
          continue
        }
        open.append(call)
        try refuseContradictions(to: index, with: &earlier[call], call, servesCompat: servesCompat)
      }
      if open.isEmpty || cases[index].isOfMultiplexer && !servesCompat { continue }
      let conditions = cases[index].comparisons.map { $0.condition }
      let condition: Policy.Condition? = conditions.count == 1 ? conditions.first : .all(conditions)
      rules.append(
        Policy.Rule(cases[index].verdict, open, if: condition, at: place(cases[index].entry)))
    }
  }

  /// Refuses an entry that comes first and has no comparison on the 32-bit ABI alone, where it would decide.
  private func refuseEmptyMasks(
    _ first: Case, before decider: Profile.Place, _ call: Syscall, servesCompat: Bool
  ) throws(ProfileMessage) {
    guard servesCompat, let compat = target.architecture.compat, call.number(on: compat) != nil,
      first.entry.offset < decider.offset,
      first.comparisons.allSatisfy({ $0.isEmpty(UInt64(UInt32.max)) })
    else { return }
    throw ProfileMessage(
      decider,
      "contradicts \(first.entry.path), which asks for no bit of a 32-bit call and so decides \(call.name) "
        + "on \(compat)")
  }

  private func refuseContradictions(
    to index: Int, with earlier: inout [Int], _ call: Syscall, servesCompat: Bool
  ) throws(ProfileMessage) {
    for other in earlier where cases[other].verdict != cases[index].verdict {
      try refuseContradiction(cases[other], cases[index], call, servesCompat: servesCompat)
    }
    earlier.append(index)
  }

  private func refuseContradiction(
    _ first: Case, _ second: Case, _ call: Syscall, servesCompat: Bool
  ) throws(ProfileMessage) {
    var widths: [UInt64] = []
    if call.number(on: target.architecture) != nil { widths.append(UInt64.max) }
    if servesCompat, let compat = target.architecture.compat, call.number(on: compat) != nil {
      widths.append(UInt64(UInt32.max))
    }
    let isContradiction = widths.contains { width in
      first.comparisons.allSatisfy { one in
        second.comparisons.allSatisfy { $0.index != one.index || one.overlaps($0, width: width) }
      }
    }
    if isContradiction {
      throw ProfileMessage(
        second.entry,
        "contradicts \(first.entry.path): \(call.name) with the same arguments gets '\(first.verdict)' there "
          + "and '\(second.verdict)' here")
    }
  }

  private func place(_ entry: Profile.Place) -> Policy.Place {
    Policy.Place("\(name) \(entry.path)")
  }

  /// The i386 call that does the work of another one too, and the number by which it is told so
  /// (linux/net.h, `SYS_*`; linux/ipc.h).
  private static func multiplexer(of call: Syscall) -> (Syscall, UInt64)? {
    let sockets: [String?] = [
      nil, "socket", "bind", "connect", "listen", "accept", "getsockname", "getpeername",
      "socketpair",
      "send", "recv", "sendto", "recvfrom", "shutdown", "setsockopt", "getsockopt", "sendmsg",
      "recvmsg", "accept4", "recvmmsg", "sendmmsg",
    ]
    let others: [(String, UInt64)] = [
      ("semop", 1), ("semget", 2), ("semctl", 3), ("semtimedop", 4), ("msgsnd", 11), ("msgrcv", 12),
      ("msgget", 13), ("msgctl", 14), ("shmat", 21), ("shmdt", 22), ("shmget", 23), ("shmctl", 24),
    ]
    let name = call.name
    if let code = sockets.firstIndex(of: name), let call = Syscall(named: "socketcall") {
      return (call, UInt64(code))
    }
    if let other = others.first(where: { $0.0 == name }), let call = Syscall(named: "ipc") {
      return (call, other.1)
    }
    return nil
  }
}

extension Profile.Entry {
  /// Comparisons that must all hold, one such list after the other (runc issue 2735, crun issue 2237):
  /// as soon as an argument is there twice, each comparison is a list of its own.
  fileprivate var alternatives: [[Profile.Comparison]] {
    repeatsAnArgument ? comparisons.map { [$0] } : [comparisons]
  }

  private var repeatsAnArgument: Bool {
    comparisons.indices.contains { index in
      comparisons[..<index].contains { $0.index == comparisons[index].index }
    }
  }

  /// What of the entry is probably not meant.
  fileprivate func warnings(_ calls: [Syscall], _ architecture: Architecture) -> [ProfileMessage] {
    var warnings: [ProfileMessage] = []
    if repeatsAnArgument {
      let excluded = comparisons.filter { $0.test == .notEqual }
      let isAlwaysTrue = excluded.contains { one in
        excluded.contains { $0.index == one.index && $0.value != one.value }
      }
      warnings.append(
        ProfileMessage(
          place,
          isAlwaysTrue
            ? "two SCMP_CMP_NE on one argument hold for every value, since one of them is enough where an "
              + "argument is there twice; write an entry for each value or range that is meant"
            : "an argument is there twice, so one of the args is enough and not all of them are needed; "
              + "write an entry for each"))
    }
    for comparison in comparisons {
      let call = calls.first { call in
        let parameters = call.prototype(on: architecture)?.parameters ?? []
        return comparison.index < parameters.count && parameters[comparison.index].kind == .int
      }
      guard let call, comparison.misses(verdict) else { continue }
      warnings.append(
        ProfileMessage(
          comparison.place,
          "\(call.name) takes 32 bits here and \(comparison.test.name) compares 64, so that a bit above them "
            + "steps around it; write SCMP_CMP_MASKED_EQ with the mask 4294967295"))
    }
    return warnings
  }
}

extension Profile.Comparison {
  /// Whether it is true of every value because its mask has no bit of the argument (libseccomp,
  /// `_db_arg_cmp_need_lo`).
  fileprivate func isEmpty(_ width: UInt64) -> Bool { test == .masked && value & width == 0 }

  /// Whether a number with bits above the lower 32 gets around what the same number without them gets.
  fileprivate func misses(_ verdict: Verdict) -> Bool {
    switch test {
    case .equal, .less, .lessOrEqual: verdict.refuses
    case .notEqual, .greater, .greaterOrEqual: !verdict.refuses
    case .masked: verdict.refuses && value > UInt32.max
    }
  }
}
