/// Programs that may be installed one after the other for one policy: `Proof` has looked at all of them
/// together and found nothing wrong.
///
/// Any of them alone protects less, so whoever cannot install them all must not go on.
public struct CheckedChain: Hashable, Sendable {
  /// The programs, in the order in which they are to be installed.
  public let chain: FilterChain
  /// Why the proof came to no end, where that was accepted; `nil` for proven programs.
  public let doubt: Proof.Undecided?

  /// Proves programs.
  ///
  /// - Parameters:
  ///   - chain: The finished programs.
  ///   - policy: What they must mean together.
  ///   - native: The architecture that they are for, a native one.
  ///   - acceptsUndecided: Whether a proof that comes to no end is enough.
  /// - Throws: `ProofError`; disproved programs are never let through.
  public init(
    _ chain: FilterChain, means policy: Policy, for native: Architecture,
    acceptsUndecided: Bool = false
  ) throws(ProofError) {
    self.chain = chain
    do throws(ProofError) {
      try Proof.check(chain, means: policy, for: native)
      doubt = nil
    } catch {
      guard acceptsUndecided, case .undecided(let undecided) = error else { throw error }
      doubt = undecided
    }
  }

  /// The program of a policy that takes no more than one.
  public var single: CheckedProgram? {
    chain.programs.count == 1 ? CheckedProgram(first: self) : nil
  }
}
