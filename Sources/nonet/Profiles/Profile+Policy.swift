internal import BPFAssembler

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
    if servesCompat { warnOfMultiplexers() }
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

  /// Warns of conditions on calls that 32-bit programs make by `socketcall` or `ipc` too.
  ///
  /// There the arguments lie behind a pointer (socketcall(2)), with which libseccomp compares instead, or with
  /// nothing. Where an entry names `socketcall` itself, it is meant so.
  private mutating func warnOfMultiplexers() {
    guard target.architecture.compat == .i386 else { return }
    for one in cases
    where !one.isOfMultiplexer && one.verdict.refuses != profile.defaultVerdict.refuses {
      for call in one.calls {
        guard let (multiplexer, code) = Self.multiplexer(of: call),
          decided[multiplexer] == nil, decided[call] == nil,
          !isRefused(multiplexer, code)
        else { continue }
        warnings.append(
          ProfileMessage(
            one.entry,
            "\(call.name) has args here that are not looked at where a 32-bit program makes it by "
              + "\(multiplexer.name), whose own lie behind a pointer, and so gets around them; refuse "
              + "\(multiplexer.name), or leave SCMP_ARCH_X86 out"))
      }
    }
  }

  /// Whether no call of that number comes through `socketcall` or `ipc`, whatever lies behind its pointer.
  private func isRefused(_ multiplexer: Syscall, _ code: UInt64) -> Bool {
    let own = cases.filter { other in
      other.isOfMultiplexer && other.calls.contains(multiplexer)
        && other.comparisons.first?.value == code
    }
    if profile.defaultVerdict.refuses { return own.allSatisfy { $0.verdict.refuses } }
    return own.contains { $0.verdict.refuses && $0.comparisons.count == 1 }
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
