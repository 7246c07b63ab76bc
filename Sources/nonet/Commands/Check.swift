internal import BPFAssembler

/// `nonet --check`: what this machine can confine, and whether we are already inside.
struct Check {
  let options: Options

  /// One thing that was looked at.
  private struct Finding {
    let name: String
    let isThere: Bool
    let text: String
  }

  /// What `auto` or a backend does for a preset.
  private struct Row {
    let preset: Preset
    let backend: Plan.Backend
    let plan: Plan?
    let text: String
  }

  /// Prints what was found.
  ///
  /// - Returns: The exit status: 0 where `auto` can confine a command, else 1.
  func perform() throws(Failure) -> CInt {
    let machine = try PlanChoice.machine { _ in
      .inChild
    } triesUsers: {
      $0.landlockABI < 4
    }
    let findings = Self.findings(machine)
    var rows: [Row] = []
    for preset in Preset.allCases {
      for backend in Plan.Backend.allCases { rows.append(try Self.row(preset, backend, machine)) }
    }
    let format = try options.words(of: "--check")
    let text = format == .json ? Self.json(findings, rows) : Self.text(findings, rows)
    try printOut(text)
    let isConfinable = rows.contains {
      $0.backend == .auto && $0.preset == .default && $0.plan != nil
    }
    return isConfinable ? 0 : 1
  }

  /// Prints whether this process is confined, found out by trying.
  ///
  /// - Returns: The exit status: 0 where it is, else 1.
  func inside() throws(Failure) -> CInt {
    let finding = Self.confinement()
    if !options.isQuiet { try printOut("\(finding.name) \(finding.text)\n") }
    return finding.isThere ? 0 : 1
  }

  private static func row(
    _ preset: Preset, _ backend: Plan.Backend, _ machine: Capabilities
  ) throws(Failure) -> Row {
    let options = Options()
    options.policy = .preset(preset)
    options.backend = backend
    let choice = PlanChoice(options: options, policy: try WantedPolicy(options))
    do throws(Plan.PlanError) {
      // The wrapper can only hold Python; what it can do is shown for such a command.
      let plan = try choice.plan(on: machine) { backend == .python }
      return Row(preset: preset, backend: backend, plan: plan, text: plan.summary)
    } catch {
      let reasons = error.reasons.joined(separator: "; ")
      return Row(preset: preset, backend: backend, plan: nil, text: "impossible: \(reasons)")
    }
  }

  private static func findings(_ machine: Capabilities) -> [Finding] {
    var findings: [Finding] = [seccomp(machine), notification()]
    let abi = machine.landlockABI
    findings.append(
      Finding(
        name: "landlock", isThere: abi >= 4,
        text: abi == 0
          ? "no; the filter denies ptrace and process_vm_*, and \(memoryOutside(machine))"
          : abi < 4
            ? "ABI \(abi), too old (Linux 6.7 has 4); \(memoryOutside(machine))"
            : abi < Plan.LandlockDomain.firstForSockets
              ? "ABI \(abi)" : "ABI \(abi); it holds AF_UNIX sockets, so that no supervisor has to")
    )
    findings.append(namespace(machine))
    findings.append(capabilities(machine))
    findings.append(proc())
    let runs32Bit = Here.runs32Bit
    let abiName = Architecture.host.compat.map { "\($0)" } ?? "32-bit"
    findings.append(
      Finding(
        name: "\(abiName) programs", isThere: runs32Bit,
        text: runs32Bit ? "run, under the same rules" : "do not run here"))
    let python = Here.executable(named: "python3")
    findings.append(
      Finding(name: "python3", isThere: python != nil, text: python ?? "not found along PATH"))
    findings.append(confinement())
    return findings
  }

  private static func seccomp(_ machine: Capabilities) -> Finding {
    let failure = machine.seccompFailure
    return Finding(
      name: "seccomp", isThere: failure == nil,
      text: failure.map { "no: \($0.call): \($0.reason)" } ?? "filters can be installed")
  }

  private static func notification() -> Finding {
    do throws(SystemError) {
      try probeSeccomp(SeccompReturn.userNotification)
      return Finding(name: "user notification", isThere: true, text: "yes")
    } catch {
      return Finding(
        name: "user notification", isThere: false, text: "no: \(error.call): \(error.reason)")
    }
  }

  private static func namespace(_ machine: Capabilities) -> Finding {
    switch machine.namespace {
    case .works, .entered:
      Finding(name: "user namespaces", isThere: true, text: "yes, with a network")
    case .untried: Finding(name: "user namespaces", isThere: false, text: "not tried")
    case .fails(let failure):
      Finding(
        name: "user namespaces", isThere: false, text: "no: \(failure.reason); \(failure.advice)")
    }
  }

  private static func memoryOutside(_ machine: Capabilities) -> String {
    if machine.isUserZero {
      return "/proc/PID/mem of processes with as few capabilities as the command stays open"
    }
    return machine.users == .works
      ? "a user namespace closes /proc/PID/mem" : "/proc/PID/mem stays open"
  }

  private static func capabilities(_ machine: Capabilities) -> Finding {
    let dropped = machine.privileges.shared(with: .network).names.joined(separator: ", ")
    return Finding(
      name: "capabilities", isThere: !machine.privileges.isEmpty,
      text: machine.privileges.isEmpty
        ? "none to give up"
        : dropped.isEmpty ? "none that reach a network" : "given up by a command: \(dropped)")
  }

  private static func proc() -> Finding {
    let mount = ProcMount.here
    let words =
      switch mount {
      case .ours: "of this pid namespace"
      case .foreign: "of another pid namespace; logs name nobody, and --allow-unix is refused"
      case .absent: "not mounted; logs name nobody, and --allow-unix is refused"
      }
    return Finding(name: "/proc", isThere: mount == .ours, text: words)
  }

  private static func confinement() -> Finding {
    let inside = InsideFinding()
    return Finding(name: "this process", isThere: inside.isConfined, text: inside.text)
  }

  private static func text(_ findings: [Finding], _ rows: [Row]) -> String {
    var lines = ["\(Help.version) on \(Here.kernel), \(Architecture.host)", ""]
    for finding in findings { lines.append("\(finding.name.padded(18)) \(finding.text)") }
    lines += ["", "policy    backend    layers"]
    for row in rows {
      // Why seccomp or namespaces do not work has been said above, once.
      let layers = row.plan == nil && row.backend != .python ? "impossible here" : row.text
      lines.append("\(row.preset.name.padded(9)) \("\(row.backend)".padded(10)) \(layers)")
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func json(_ findings: [Finding], _ rows: [Row]) -> String {
    let found = findings.map { finding in
      JSONText.object([
        ("name", JSONText.string(finding.name)), ("there", "\(finding.isThere)"),
        ("text", JSONText.string(finding.text)),
      ])
    }
    let plans = rows.map { row in
      JSONText.object([
        ("policy", JSONText.string(row.preset.name)),
        ("backend", JSONText.string("\(row.backend)")),
        ("possible", "\(row.plan != nil)"),
        ("layers", JSONText.array(row.plan?.layers.map { JSONText.string($0.name) } ?? [])),
        ("text", JSONText.string(row.text)),
      ])
    }
    let kernel = JSONText.string(Here.kernel)
    return JSONText.object([
      ("version", JSONText.string(Help.version)), ("kernel", kernel),
      ("arch", JSONText.string(Architecture.host.name)),
      ("findings", JSONText.lines(found)), ("plans", JSONText.lines(plans)),
    ]) + "\n"
  }
}
