internal import BPFAssembler

/// A policy as a drop-in for a unit of systemd, which knows calls by name and `socket` by family, and no
/// other test of arguments (systemd.exec(5), "System Call Filtering").
///
/// A call that is refused for some arguments is refused for all, so that nothing more is allowed.
struct SystemdDropIn {
  /// The drop-in.
  let text: String
  /// What of the policy it says otherwise, each a sentence.
  let notes: [String]

  /// What the drop-in makes of a call.
  private struct Ruling {
    var names: [String] = []
    let verdict: Verdict
  }

  /// Writes a policy down.
  ///
  /// - Parameters:
  ///   - policy: The policy.
  ///   - hasNamespace: Whether its layers have a network of its own.
  ///   - native: The machine.
  /// - Throws: A policy that allows what the drop-in cannot allow, or nothing.
  init(_ policy: Policy, hasNamespace: Bool, for native: Architecture) throws(ExportError) {
    var notes: [String] = []
    let otherwise = policy.defaultVerdict.resolved(refusal: policy.refusal)
    let strictest = otherwise.met(policy.unknown.resolved(refusal: policy.refusal))
    // A list of what is refused would allow each call of it that this systemd does not know by name.
    let fallback = strictest.refuses ? strictest : .deny(.enosys)
    if fallback != otherwise {
      notes.append("calls that this list does not know get '\(fallback)', old ones of no name too")
    } else if fallback.refuses, policy.unknown.resolved(refusal: policy.refusal) != fallback {
      notes.append("calls that this list does not know get '\(fallback)'")
    }
    let families = Self.families(of: policy, on: native)
    var architectures = [native]
    switch policy.foreign {
    case .compile:
      // RestrictAddressFamilies= does not see i386's sockets.
      if let compat = native.compat, families == nil { architectures.append(compat) }
      if families != nil {
        notes.append("32-bit programs are killed: their sockets have no families here")
      }
    case .verdict(.kill): break
    case .verdict(let verdict):
      notes.append("32-bit programs are killed, and the policy says '\(verdict)'")
    }
    if policy.x32 != .kill {
      notes.append("x32 calls are killed, and the policy says '\(policy.x32)'")
    }
    var rulings: [Ruling] = []
    var whole: [String] = []
    for call in Syscall.all {
      guard let own = architectures.first(where: { call.number(on: $0) != nil }) else { continue }
      let isSocket = call.name == "socket" && families != nil
      let verdicts =
        isSocket ? [.allow] : try Self.verdicts(of: call, in: policy, on: architectures, own)
      let refusals = verdicts.filter { $0.refuses }
      if !refusals.isEmpty, refusals.count < verdicts.count { whole.append(call.name) }
      let verdict =
        refusals.first.map { first in
          refusals.contains(.kill) ? .kill : refusals.contains(fallback) ? fallback : first
        } ?? (verdicts.contains(.log) ? .log : .allow)
      if let index = rulings.firstIndex(where: { $0.verdict == verdict }) {
        rulings[index].names.append(call.name)
      } else {
        rulings.append(Ruling(names: [call.name], verdict: verdict))
      }
    }
    if !whole.isEmpty {
      notes.append("refused whatever their arguments are: \(whole.joined(separator: ", "))")
    }
    var lines = ["[Service]", "NoNewPrivileges=yes"]
    let names = architectures.map { $0 == native ? "native" : Self.name(of: $0) }
    lines.append("SystemCallArchitectures=\(names.joined(separator: " "))")
    if hasNamespace {
      lines.append("PrivateNetwork=yes")
      notes.append(
        "the network of its own is PrivateNetwork=yes, without which IP sockets reach the network outside; systemd "
          + "goes on without it where none can be made")
    }
    lines += try Self.filter(rulings, fallback, &notes)
    if let families {
      lines.append(
        "RestrictAddressFamilies=\(families.isEmpty ? "none" : families.joined(separator: " "))")
      notes.append(
        "sockets of other families get EAFNOSUPPORT, and of these every type and protocol is allowed"
      )
    }
    text = lines.joined(separator: "\n") + "\n"
    self.notes = notes
  }

  private static func filter(
    _ rulings: [Ruling], _ fallback: Verdict, _ notes: inout [String]
  ) throws(ExportError) -> [String] {
    var lines: [String] = []
    let allowed = rulings.filter { !$0.verdict.refuses }
    // The first list decides whether the others add or take away, and what calls get that none names.
    if allowed.isEmpty {
      throw ExportError(
        "the policy allows no call whatever its arguments are, so no unit could start")
    }
    if case .deny(let errno?) = fallback { lines.append("SystemCallErrorNumber=\(errno)") }
    for ruling in allowed {
      lines.append("SystemCallFilter=\(ruling.names.joined(separator: " "))")
    }
    // What systemd allows unasked (its set @default) must be taken out again.
    for ruling in rulings where ruling.verdict.refuses {
      lines.append("SystemCallFilter=~\(ruling.names.joined(separator: " "))")
      if ruling.verdict != fallback {
        notes.append(
          "refused with '\(fallback)' and not with '\(ruling.verdict)': \(ruling.names.joined(separator: ", "))"
        )
      }
    }
    for ruling in allowed where ruling.verdict == .log {
      lines.append("SystemCallLog=\(ruling.names.joined(separator: " "))")
    }
    return lines
  }

  /// What a call can get on any of the architectures, once each.
  private static func verdicts(
    of call: Syscall, in policy: Policy, on architectures: [Architecture], _ own: Architecture
  ) throws(ExportError) -> [Verdict] {
    var verdicts: [Verdict] = []
    for architecture in architectures where call.number(on: architecture) != nil {
      guard let cases = policy.cases(of: call, on: architecture) else {
        throw ExportError("the rules of \(call.name) have too many cases to be looked at")
      }
      for one in cases where !verdicts.contains(one.verdict) { verdicts.append(one.verdict) }
    }
    return verdicts
  }

  /// The families of which some sockets are allowed while others are refused; `nil` where `socket` is not a
  /// matter of families.
  ///
  /// Only families of which every socket is allowed count, since systemd tests nothing else.
  private static func families(of policy: Policy, on native: Architecture) -> [String]? {
    guard let call = Syscall(named: "socket"), let cases = policy.cases(of: call, on: native),
      cases.contains(where: { $0.verdict.refuses }), cases.contains(where: { !$0.verdict.refuses })
    else { return nil }
    var families: [String] = []
    for constant in NamedConstant.all where constant.name.utf8.starts(with: "AF_".utf8) {
      let family = constant.value(on: native)
      // Aliases have the value of another name, and systemd knows no AF_UNSPEC.
      if family == 0 || constant.name == "AF_LOCAL" || constant.name == "AF_ROUTE"
        || constant.name == "AF_MAX"
      {
        continue
      }
      let own = cases.filter { $0.masks[0] & 0xffff_ffff & ($0.values[0] ^ family) == 0 }
      if own.allSatisfy({ !$0.verdict.refuses }) { families.append(constant.name) }
    }
    return families
  }

  /// The architecture as systemd names it (systemd.unit(5), ConditionArchitecture=).
  private static func name(of architecture: Architecture) -> String {
    switch architecture {
    case .x86_64: "x86-64"
    case .i386: "x86"
    case .aarch64: "arm64"
    default: architecture.name
    }
  }
}
