import BPFAssembler
import CTestProbes

/// The running kernel as the third witness of what a program answers.
///
/// Under the program lies a filter that answers "no error" to every call, so nothing of what the
/// program allows ever happens; see `probe_verdicts`.
enum KernelWitness {
  /// What the kernel makes of a call under a program.
  enum Outcome: Hashable {
    /// Neither refused nor killed: allowed or logged.
    case passed
    /// Refused with an errno.
    case refused(Int32)
    /// SIGSYS ended the process.
    case killed
  }

  /// The ABI of this process, and that of `int $0x80` where the kernel has it.
  static let architectures: [Architecture] = {
    guard Kernel.takesFilters, let native else { return [] }
    guard native == .x86_64 else { return [native] }
    // Without that entry the child dies of SIGSEGV.
    let getpid = SystemCall(arch: Architecture.i386.auditValue, number: 20)
    let hasEntry = (try? outcomes(of: nil, [getpid])) != nil
    return hasEntry ? [native, .i386] : [native]
  }()

  /// The architecture that this process runs on.
  static let native = Architecture.natives.first { $0.auditValue == probe_arch() }

  /// Whether a child of this process can make a call so that the kernel runs filters for it.
  static func canMake(_ call: SystemCall) -> Bool {
    guard architectures.contains(where: { $0.auditValue == call.arch }) else { return false }
    // uretprobe and uprobe are not filtered (kernel/seccomp.c, seccomp_uprobe_exception).
    return call.arch != Architecture.x86_64.auditValue || !(335...336).contains(call.number)
  }

  /// Makes calls under a program; nil shows the filter that lies below alone.
  static func outcomes(
    of program: Program?, _ calls: [SystemCall]
  ) throws(Kernel.Surprise) -> [Outcome] {
    let words = calls.flatMap { call in
      [UInt64(call.arch == probe_arch() ? PROBE_NATIVE : PROBE_INT80)]
        + [UInt64(call.number)] + call.arguments
    }
    var found = [probe_outcome](repeating: probe_outcome(), count: calls.count)
    var report = probe_report()
    let status =
      if let program {
        probe_verdicts(
          program.bytes, UInt16(program.instructions.count), words, calls.count, &found, &report)
      } else {
        probe_verdicts(nil, 0, words, calls.count, &found, &report)
      }
    guard status == 0 else { throw Kernel.Surprise(description: "no child: errno \(-status)") }
    guard report.answered == calls.count else { throw Kernel.surprise(report) }
    return found.map { outcome in
      if outcome.state == PROBE_KILLED { return .killed }
      return outcome.value == 0 ? .passed : .refused(-outcome.value)
    }
  }
}

extension KernelWitness.Outcome {
  /// What a child sees of a verdict whose errno is filled in.
  init(_ verdict: Verdict, refusal: Errno) {
    switch verdict.resolved(refusal: refusal) {
    case .allow, .log: self = .passed
    case .deny(let errno): self = .refused(Int32((errno ?? refusal).number))
    case .kill: self = .killed
    }
  }
}

extension Instruction {
  /// What allows a call (SECCOMP_RET_ALLOW).
  static let allowed = Instruction.return(.constant(0x7fff_0000))
  /// What logs a call (SECCOMP_RET_LOG).
  static let logged = Instruction.return(.constant(0x7ffc_0000))
  /// What stands in for `allowed` where it shall be seen apart from `logged` (SECCOMP_RET_ERRNO).
  static let shownAllowed = Instruction.return(.constant(0x0005_0001))
}

extension KernelWitness.Outcome {
  /// What a child sees of `Instruction.shownAllowed`.
  static let shownAllowed = Self.refused(1)
}
