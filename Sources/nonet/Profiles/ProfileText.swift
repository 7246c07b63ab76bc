internal import BPFAssembler

/// A policy as a profile: entries that exclude each other, since no engine has an order of rules.
///
/// Every entry asks for some bits of some arguments (`SCMP_CMP_MASKED_EQ`), each argument once: all engines
/// agree what that means, and ordered comparisons are what they have been wrong about.
struct ProfileText {
  /// What calls get that no entry names.
  private let defaultVerdict: Verdict
  private let architectures: [Architecture]
  private var entries: [Entry] = []
  /// What the kernel takes of instructions; libseccomp needs some six for each argument of an entry.
  private static let mostInstructions = 4096

  private struct Entry {
    var calls: [Syscall]
    let place: CallCase
  }

  /// Takes a policy apart.
  ///
  /// - Parameters:
  ///   - policy: The policy.
  ///   - architectures: The machine's own and perhaps the 32-bit one beside it.
  ///   - format: What it is for; an object of the operator has no errno of its own for other calls.
  /// - Throws: A call whose rules have too many cases.
  init(
    _ policy: Policy, for architectures: [Architecture], _ format: ProfileFormat
  ) throws(ExportError) {
    self.architectures = architectures
    let otherwise = policy.defaultVerdict.resolved(refusal: policy.refusal)
    // No profile names calls that are newer than it is; they get what the default says.
    let unknown = policy.unknown.resolved(refusal: policy.refusal)
    let fallback = otherwise.met(unknown)
    if format == .kubernetes, case .deny = fallback {
      defaultVerdict = .deny(.eperm)
    } else {
      defaultVerdict = fallback
    }
    var calls: [(cases: [CallCase], calls: [Syscall])] = []
    for call in Syscall.all {
      guard let own = architectures.first(where: { call.number(on: $0) != nil }) else { continue }
      // More would be longer than `mostInstructions` in any case.
      guard let named = policy.cases(of: call, on: own, besides: defaultVerdict, most: 700)
      else {
        throw ExportError("the rules of \(call.name) have too many cases for a profile")
      }
      if named.isEmpty { continue }
      if let group = calls.firstIndex(where: { $0.cases == named }) {
        calls[group].calls.append(call)
      } else {
        calls.append((named, [call]))
      }
    }
    for group in calls {
      entries += group.cases.map { Entry(calls: group.calls, place: $0) }
    }
    let instructions = entries.reduce(0) { sum, entry in
      sum + architectures.count * entry.place.masks.reduce(1) { $0 + ($1 == 0 ? 0 : 6) }
    }
    if instructions > Self.mostInstructions {
      throw ExportError(
        "the policy needs \(entries.count) entries, of which engines make a filter that is too long for the "
          + "kernel")
    }
  }

  /// The profile in a format.
  ///
  /// - Parameters:
  ///   - format: Any but the one for units.
  ///   - name: What the policy is called, for an object that has a name.
  /// - Returns: JSON.
  /// - Throws: A number that the format has no place for.
  func json(_ format: ProfileFormat, name: String) throws(ExportError) -> String {
    var members = [("defaultAction", JSONText.string(Self.action(defaultVerdict)))]
    if case .deny(let errno?) = defaultVerdict, format != .kubernetes {
      members.append(("defaultErrnoRet", "\(errno.number)"))
    }
    let names = architectures.map { JSONText.string(ProfileTarget.name(of: $0)) }
    if format == .docker, let own = names.first {
      let family = JSONText.object([
        ("architecture", own), ("subArchitectures", JSONText.array(Array(names.dropFirst()))),
      ])
      members.append(("archMap", JSONText.array([family])))
    } else {
      members.append(("architectures", JSONText.array(names)))
    }
    members.append(("syscalls", JSONText.lines(entries.map(Self.json))))
    let profile = JSONText.object(members)
    guard format == .kubernetes else { return profile }
    if entries.contains(where: { $0.place.masks.contains { $0 > Int64.max } }) {
      throw ExportError("its numbers have 63 bits, and the policy asks for the highest of 64")
    }
    return JSONText.object([
      ("apiVersion", JSONText.string("security-profiles-operator.x-k8s.io/v1")),
      ("kind", JSONText.string("SeccompProfile")),
      ("metadata", JSONText.object([("name", JSONText.string(Self.resourceName(name)))])),
      ("spec", profile),
    ])
  }

  /// The last part of a file's name as Kubernetes has names: small letters, digits and hyphens (RFC 1123).
  private static func resourceName(_ name: String) -> String {
    let last = name.utf8.split(separator: UInt8(ascii: "/")).last.map { Array($0) } ?? []
    let stem = last.firstIndex(of: UInt8(ascii: ".")).map { Array(last[..<$0]) } ?? last
    let hyphen = UInt8(ascii: "-")
    var bytes: [UInt8] = []
    for byte in stem.prefix(63) {
      let small = byte.lowercased
      let isPlain = small.isAlphanumeric
      if isPlain || !bytes.isEmpty { bytes.append(isPlain ? small : hyphen) }
    }
    while bytes.last == hyphen { bytes.removeLast() }
    return bytes.isEmpty ? "nonet" : String(decoding: bytes, as: UTF8.self)
  }

  private static func json(_ entry: Entry) -> String {
    var members = [
      ("names", JSONText.array(entry.calls.map { JSONText.string($0.name) })),
      ("action", JSONText.string(action(entry.place.verdict))),
    ]
    if case .deny(let errno?) = entry.place.verdict {
      members.append(("errnoRet", "\(errno.number)"))
    }
    var arguments: [String] = []
    for index in 0..<6 where entry.place.masks[index] != 0 {
      arguments.append(
        JSONText.object([
          ("index", "\(index)"), ("value", "\(entry.place.masks[index])"),
          ("valueTwo", "\(entry.place.values[index])"),
          ("op", JSONText.string("SCMP_CMP_MASKED_EQ")),
        ]))
    }
    if !arguments.isEmpty { members.append(("args", JSONText.array(arguments))) }
    return JSONText.object(members)
  }

  private static func action(_ verdict: Verdict) -> String {
    switch verdict {
    case .allow: "SCMP_ACT_ALLOW"
    case .log: "SCMP_ACT_LOG"
    case .deny: "SCMP_ACT_ERRNO"
    case .kill: "SCMP_ACT_KILL_PROCESS"
    }
  }
}
