/// Why a program may not be installed for a policy.
public enum ProofError: Error, Hashable, Sendable {
  /// The program does not mean the policy: here is a call that shows it.
  case disproved(Proof.Counterexample)
  /// Nothing wrong was found, and not everything was looked at.
  case undecided(Proof.Undecided)
}

extension Proof {
  /// A call to which a program answers something else than its policy says.
  ///
  /// Only `Proof` makes one, and only after `FilterChain.run` and `Policy.verdict(of:native:)` have said
  /// so: a counterexample is never a mistake of the proof.
  public struct Counterexample: Hashable, Sendable {
    /// The call.
    public let call: SystemCall
    /// Where the call is made from, which a filter could look at too.
    public let instructionPointer: UInt64
    /// What the policy says.
    public let expected: Verdict
    /// What the program returns to the kernel, or of several what the kernel acts on.
    public let answer: UInt32

    /// Runs both sides on a call.
    ///
    /// - Returns: `nil` where they agree.
    init?(_ data: SeccompData, _ chain: FilterChain, _ policy: Policy, native: Architecture) {
      call = SystemCall(arch: data.arch, number: data.nr, arguments: data.arguments)
      instructionPointer = data.instructionPointer
      expected = policy.verdict(of: call, native: native)
      answer = chain.run(data)
      if answer == expected.kernelAnswer(refusal: policy.refusal) { return nil }
    }
  }
}

extension Proof {
  /// How far an undecided proof came.
  public struct Undecided: Hashable, Sendable {
    /// What stood in the way.
    public enum Reason: Hashable, Sendable {
      /// The proof has more cases than it may look at.
      case tooManyCases(steps: Int)
      /// One word is looked at under more masks than are followed at once (64).
      case tooManyMasks(SeccompData.Word)
      /// An instruction computes what no rule of a policy asks for.
      case instruction(index: Int)
      /// The proof's reading of the policy and the reference differ: a fault of the proof.
      case contradiction(SystemCall)
    }

    /// What stood in the way.
    public let reason: Reason
    /// The number of rules of the policy.
    public let rules: Int
    /// The number of instructions of the program.
    public let instructions: Int
  }
}

extension ProofError: CustomStringConvertible {
  /// A sentence for people.
  public var description: String {
    switch self {
    case .disproved(let counterexample): counterexample.description
    case .undecided(let undecided): undecided.description
    }
  }
}

extension Proof.Counterexample: CustomStringConvertible {
  /// The call and both answers.
  public var description: String {
    let architecture = Architecture.allCases.first { $0.auditValue == call.arch }
    let name = architecture.flatMap { Syscall.at(number: call.number, on: $0) }?.name
    let place = architecture?.name ?? "arch \(Self.hex(UInt64(call.arch)))"
    let arguments = call.arguments.map { Self.hex($0) }.joined(separator: ", ")
    return "on \(place) \(name ?? "call \(Self.hex(UInt64(call.number)))")(\(arguments)) from "
      + "\(Self.hex(instructionPointer)): the policy says '\(expected)', the program answers "
      + Self.hex(UInt64(answer))
  }

  private static func hex(_ number: UInt64) -> String {
    number < 10 ? "\(number)" : "0x\(String(number, radix: 16))"
  }
}

extension Proof.Undecided: CustomStringConvertible {
  /// What stood in the way, and how large the policy is.
  public var description: String {
    let size = "\(rules) rules, \(instructions) instructions"
    return switch reason {
    case .tooManyCases(let steps):
      "more cases than \(steps) steps can look at (\(size))"
    case .tooManyMasks(let word):
      "\(word) is looked at under more than \(WordSearch.mostGroups) masks (\(size))"
    case .instruction(let index):
      "instruction \(index) computes what no policy asks for (\(size))"
    case .contradiction(let call):
      "the proof misreads the policy at call \(call.number) of arch \(call.arch) (\(size))"
    }
  }
}
