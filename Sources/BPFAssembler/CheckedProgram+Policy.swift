/// The whole way at once; this file alone knows both the compiler and the proof.
extension CheckedProgram {
  /// Compiles a policy and proves the program.
  ///
  /// - Parameters:
  ///   - policy: What the program must mean.
  ///   - native: The architecture that the program is for, a native one.
  /// - Throws: `Failure`; a program that is not proven is never let through.
  public init(_ policy: Policy, for native: Architecture) throws(Failure) {
    let compiled: CompiledPolicy
    do throws(CompilerError) {
      compiled = try CompiledPolicy(policy, for: native)
    } catch {
      throw .compiler(error)
    }
    do throws(ProofError) {
      try self.init(compiled.program, means: policy, for: native)
    } catch {
      throw .proof(error)
    }
  }

  /// Why a policy has no proven program, or no proven chain of them.
  public enum Failure: Error, Hashable, Sendable {
    /// The policy could not be compiled.
    case compiler(CompilerError)
    /// The compiled program is not proven to mean the policy.
    case proof(ProofError)
  }
}

extension CheckedChain {
  /// Compiles a policy to one program, or to several where one would be longer than the kernel takes, and
  /// proves them.
  ///
  /// - Parameters:
  ///   - policy: What they must mean together.
  ///   - native: The architecture that they are for, a native one.
  /// - Throws: `CheckedProgram.Failure`; programs that are not proven are never let through.
  public init(_ policy: Policy, for native: Architecture) throws(CheckedProgram.Failure) {
    let filters: [CompiledPolicy]
    do throws(CompilerError) {
      filters = try CompiledPolicy.filters(of: policy, for: native)
    } catch {
      throw .compiler(error)
    }
    do throws(ProofError) {
      try self.init(FilterChain(filters), means: policy, for: native)
    } catch {
      throw .proof(error)
    }
  }
}

extension CheckedProgram.Failure: CustomStringConvertible {
  /// A sentence for people.
  public var description: String {
    switch self {
    case .compiler(let error): error.description
    case .proof(let error): error.description
    }
  }
}
