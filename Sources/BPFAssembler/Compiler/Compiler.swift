/// A policy compiled for one machine, with the reason for each instruction.
public struct CompiledPolicy: Hashable, Sendable {
  /// What was compiled.
  public let policy: Policy
  /// The native architecture of the filter.
  public let architecture: Architecture
  /// The filter.
  public let program: Program
  /// For each instruction the parts of the policy that asked for it, at least one.
  public let origins: [[CompiledPolicy.Origin]]
  /// Which filter of a policy that takes several this is; `nil` where the program is all of it.
  public internal(set) var part: Part?
}

/// Why a policy has no program.
public enum CompilerError: Error, Hashable, Sendable {
  /// The program is longer than the kernel takes (BPF_MAXINSNS, 4096).
  case tooLong(instructions: Int)
  /// The rules of one call alone make a program that is longer, and no part of them can be a filter.
  case callTooLong(Syscall, instructions: Int)
  /// All filters of the policy are more than the kernel holds of one process, in instructions of its own
  /// (`FilterChain.mostTranslatedInstructions`).
  case chainTooLong(instructions: Int)
  /// A condition names an argument that this call does not have on this ABI.
  case noSuchArgument(rule: Int, call: Syscall, Architecture)
  /// The kernel would refuse the program, which is a fault of the compiler.
  case refused(VerifierError)
}

extension CompilerError: CustomStringConvertible {
  /// A sentence for people.
  public var description: String {
    switch self {
    case .tooLong(let count):
      "the policy compiles to \(count) instructions, and the kernel takes at most "
        + "\(Program.mostInstructions)"
    case .callTooLong(let call, let count):
      "the rules of \(call) alone compile to \(count) instructions, and the kernel takes at most "
        + "\(Program.mostInstructions) in one filter"
    case .chainTooLong(let count):
      "the policy compiles to \(count) instructions, and of all filters of a process the kernel takes "
        + "\(FilterChain.mostTranslatedInstructions), counted as it translates them"
    case .noSuchArgument(let rule, let call, let architecture):
      "rule \(rule + 1) names an argument that \(call) does not have on \(architecture)"
    case .refused(let error): "the kernel would refuse the program: \(error)"
    }
  }
}

extension CompiledPolicy {
  /// Compiles a policy for a native architecture and the 32-bit ABI beside it.
  ///
  /// The native ABI is asked for first; an arch value that is neither kills the process. No path
  /// loads an argument before the call's number is known: the kernel can then see that most calls
  /// are always allowed, and stops running the filter for them (`seccomp_is_const_allow`).
  ///
  /// - Parameters:
  ///   - policy: What the filter must mean.
  ///   - architecture: The native architecture.
  /// - Throws: `CompilerError`; a policy from the parser can only be too long.
  public init(_ policy: Policy, for architecture: Architecture) throws(CompilerError) {
    try self.init(policy, for: architecture, most: Program.mostInstructions)
  }

  /// The same with another limit, no higher than the kernel's.
  init(_ policy: Policy, for architecture: Architecture, most: Int) throws(CompilerError) {
    let builder = DecisionBuilder()
    let whole = try builder.filter(of: policy, for: architecture)
    let (graph, root) =
      builder.mayAskAgain ? builder.graph.pruned(from: whole) : (builder.graph, whole)
    let written = Linearizer.instructions(of: graph, from: root)
    guard written.count <= most else {
      throw .tooLong(instructions: written.count)
    }
    do throws(VerifierError) {
      program = try Program(written.map { $0.instruction })
    } catch {
      throw .refused(error)
    }
    self.policy = policy
    self.architecture = architecture
    origins = written.map { $0.origins }
  }
}

extension DecisionBuilder {
  fileprivate func filter(
    of policy: Policy, for native: Architecture
  ) throws(CompilerError) -> NodeID {
    let arch = Value(word: .arch)
    let nr = Value(word: .nr)
    var other = answer(policy.action(.kill), .architecture)
    if let compat = native.compat {
      let foreign: NodeID
      switch policy.foreign {
      case .compile: foreign = tree(nr, try ranges(of: policy, on: compat), .dispatch)
      case .verdict(let verdict): foreign = answer(policy.action(verdict), .foreign)
      }
      other = test(
        arch, .equal, compat.auditValue, ifTrue: foreign, ifFalse: other, .architecture)
    }
    let numbers = tree(nr, try ranges(of: policy, on: native), .dispatch)
    return test(
      arch, .equal, native.auditValue, ifTrue: numbers, ifFalse: other, .architecture)
  }
}
