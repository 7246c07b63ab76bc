import BPFAssembler
import CTestProbes

/// The running kernel as a witness; every question is answered by a child of its own.
enum Kernel {
  /// Whether this system lets a process filter itself; qemu-user and some sandboxes do not.
  static let takesFilters: Bool = {
    let allow = RawInstruction(code: 0x06, k: 0x7fff_0000)
    return (try? Kernel.refusal(of: [allow])) == 0
  }()

  /// One call that a child shall make.
  typealias Call = SeccompData

  /// What came of a call.
  enum Answer: Hashable, CustomStringConvertible {
    /// What the kernel left in the result register: a value, or an errno made negative.
    case result(Int64)
    /// SIGSYS ended the child.
    case killed

    var description: String {
      switch self {
      case .result(let value): "\(value)"
      case .killed: "killed"
      }
    }
  }

  /// A child that did something that no test asks for.
  struct Surprise: Error, CustomStringConvertible {
    let description: String
  }

  /// Offers a program to seccomp(2).
  ///
  /// - Returns: 0 when it was installed, else the errno.
  static func refusal(of program: [RawInstruction]) throws(Surprise) -> Int32 {
    let (report, _) = try ask(program.flatMap { $0.bytes }, UInt16(program.count), [])
    guard report.installed == 1 || report.error != 0 else { throw surprise(report) }
    return report.error
  }

  /// What seccomp(2) says to each of the 65,536 codes, in a program that is good but for it; see
  /// `probe_codes`.
  static func errors(
    ofCodesWith jt: UInt8, _ jf: UInt8, _ k: UInt32
  ) throws(Surprise) -> [UInt8] {
    var errors = [UInt8](repeating: 0, count: 65536)
    let status = probe_codes(jt, jf, k, &errors)
    guard status == 0 else { throw Surprise(description: "no child: errno \(-status)") }
    return errors
  }

  /// A program that has to be one.
  static func program(_ instructions: [Instruction]) throws(Surprise) -> Program {
    do throws(VerifierError) {
      return try Program(instructions)
    } catch {
      throw Surprise(description: error.description)
    }
  }

  /// A call that needs nothing and changes nothing.
  ///
  /// 0xc00000b7 is AUDIT_ARCH_AARCH64.
  static var getppid: UInt32 { probe_arch() == 0xc000_00b7 ? 173 : 110 }

  /// The data of a call that a child of this process would make.
  static func call(nr: UInt32, _ arguments: [UInt64]) -> Call {
    SeccompData(
      nr: nr, arch: probe_arch(), instructionPointer: probe_instruction_pointer(),
      arguments: arguments)
  }

  /// Lets the kernel run a program, or nothing, on calls.
  static func answers(to calls: [Call], filter: Program?) throws(Surprise) -> [Answer] {
    var answers: [Answer] = []
    // A killed child leaves calls for the next one.
    while answers.count < calls.count {
      let rest = Array(calls[answers.count...])
      let (report, values) = try ask(
        filter?.bytes, UInt16(filter?.instructions.count ?? 0), rest)
      guard report.installed == 1 else { throw surprise(report) }
      answers += values.map { .result($0) }
      if values.count < rest.count {
        guard report.signal == SIGSYS else { throw surprise(report) }
        answers.append(.killed)
      }
    }
    return answers
  }

  private static let SIGSYS: Int32 = 31

  private static func ask(
    _ filter: [UInt8]?, _ length: UInt16, _ calls: [Call]
  ) throws(Surprise) -> (report: probe_report, values: [Int64]) {
    var words: [UInt64] = []
    for call in calls { words += [UInt64(call.nr)] + call.arguments }
    var answers = [Int64](repeating: 0, count: calls.count)
    var report = probe_report()
    // A null filter installs nothing, and an empty array has a null address.
    let bytes = filter.map { $0.isEmpty ? [0] : $0 }
    let status =
      if let bytes {
        probe_filter(bytes, length, words, calls.count, &answers, &report)
      } else {
        probe_filter(nil, 0, words, calls.count, &answers, &report)
      }
    guard status == 0 else { throw Surprise(description: "no child: errno \(-status)") }
    return (report, Array(answers.prefix(report.answered)))
  }

  static func surprise(_ report: probe_report) -> Surprise {
    Surprise(
      description:
        "installed \(report.installed), errno \(report.error), signal \(report.signal), "
        + "\(report.answered) calls answered")
  }
}
