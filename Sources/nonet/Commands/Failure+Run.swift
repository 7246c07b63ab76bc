internal import BPFAssembler

/// Why a command was not run, in words.
extension Failure {
  /// A layer could not be applied.
  static func layer(_ failure: LayerError) -> Failure {
    let sequel = "so the command was not run"
    switch failure {
    case .system(let layer, let error):
      return .system(error, "the layer '\(layer.name)' could not be applied, \(sequel)")
    case .namespace(let failure):
      return .refused(
        "the layer 'namespace' could not be applied, \(sequel): \(failure.reason); \(failure.advice)"
      )
    case .forbidden(let descriptor):
      return .refused(
        "\(descriptor.description) and would lead outside, \(sequel); close or redirect it")
    }
  }

  /// Why a command could not be run, from the errno of execve(2).
  static func notRun(_ number: CInt, _ name: Word) -> Failure {
    let hasSlash = name.bytes.contains(UInt8(ascii: "/"))
    return switch number {
    case ENOENT where !hasSlash:
      .notFound("'\(name.text)': not found along PATH")
    case ENOENT where fileExists(name.pointer):
      .notFound("'\(name.text)': its interpreter or loader was not found")
    case EACCES where hasSlash && isDirectory(name.pointer):
      .notRunnable("'\(name.text)' is a directory")
    case ENOENT:
      .notFound("'\(name.text)': \(errorText(number))")
    case _:
      .notRunnable("'\(name.text)' could not be run: \(errorText(number))")
    }
  }

  /// The interpreter behind the Python wrapper could not be run, from the error of execve(2).
  static func notStarted(_ error: SystemError, _ interpreter: [UInt8]) -> Failure {
    let name = Word.text(of: interpreter)
    return error.number == ENOENT
      ? .notFound("the interpreter '\(name)' was not found")
      : .notRunnable("the interpreter '\(name)' could not be run: \(error.reason)")
  }

  /// A supervised command did not start.
  static func start(_ failure: StartError) -> Failure {
    let reason = errorText(failure.number)
    let what =
      switch failure.stage {
      case .filter where failure.number == EBUSY:
        "this is already inside a supervised nonet, and the kernel takes one supervisor only; leave "
          + "out --log, --log-dir, --observe, --fail-on-attempt, --allow-listen, --allow-unix and --allow-connect "
          + "here, or there"
      case .filter where failure.number == EINVAL:
        "this kernel cannot notify a supervisor (Linux 5.0 can); leave out --log, --log-dir, "
          + "--observe and --hint"
      case .filter: "the layer 'seccomp' could not be applied: seccomp: \(reason)"
      case .capabilities: "the layer 'capabilities' could not be applied: \(reason)"
      case .landlock: "the layer 'landlock' could not be applied: \(reason)"
      case .signals: "signals could not be set back: \(reason)"
      case .parent, .exec, .signal: "the supervised process could not be made: \(reason)"
      }
    return .refused(what + "; the command was not run")
  }

  /// A policy that takes several filters, where a supervisor is wanted.
  static func severalFilters(_ count: Int, _ policy: String) -> Failure {
    .refused(
      "policy \(policy) takes \(count) filters, and the kernel asks a supervisor for one filter only; say "
        + "less, merge rules, or do without a supervisor (--log and its like, --allow-unix, "
        + "--allow-connect, --allow-listen); the command was not run")
  }

  /// A policy whose filter cannot be supervised.
  static func supervision(_ problem: SupervisedFilter.Problem, _ policy: String) -> Failure {
    let what =
      switch problem {
      case .missing: "this binary lacks a part that supervises; please report this"
      case .computed: "the filter computes its answers and cannot be supervised; please report this"
      case .tooLong(let count):
        "policy \(policy) and what supervises it have \(count) instructions, and the kernel takes at "
          + "most \(Program.mostInstructions); say less, or merge rules"
      }
    return .refused(what + "; the command was not run")
  }
}
