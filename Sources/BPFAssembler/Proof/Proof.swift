/// Shows that a program means its policy, for every call there is.
///
/// The finished instructions are walked with nr, arch and each word of the arguments as sets, and
/// what they answer is compared with the reference meaning (`Policy.verdict(of:native:)`) wherever
/// either of the two makes a difference. No path is left out and none is guessed: questions about
/// one word are decided bit by bit. The compiler is not asked, and none of its code is used.
public enum Proof {
  /// The work after which a proof gives up, about one second.
  ///
  /// Steps and not a clock, so that a policy is provable on every machine or on none.
  public static let mostSteps = 40_000_000

  /// Proves that a program means a policy.
  ///
  /// - Parameters:
  ///   - program: The finished program.
  ///   - policy: What it must mean.
  ///   - native: The architecture that the program is for, a native one.
  ///   - limit: The number of steps after which the proof gives up.
  /// - Returns: The number of steps that it took.
  /// - Throws: `ProofError` with a call that shows the difference, or with what stood in the way.
  @discardableResult
  public static func check(
    _ program: Program, means policy: Policy, for native: Architecture, limit: Int = mostSteps
  ) throws(ProofError) -> Int {
    try check(FilterChain(program), means: policy, for: native, limit: limit)
  }

  /// Proves that programs which the kernel runs together mean a policy.
  ///
  /// - Parameters:
  ///   - chain: The finished programs.
  ///   - policy: What they must mean.
  ///   - native: The architecture that they are for, a native one.
  ///   - limit: The number of steps after which the proof gives up.
  /// - Returns: The number of steps that it took.
  /// - Throws: `ProofError` with a call that shows the difference, or with what stood in the way.
  @discardableResult
  public static func check(
    _ chain: FilterChain, means policy: Policy, for native: Architecture, limit: Int = mostSteps
  ) throws(ProofError) -> Int {
    var walk = ProofWalk(chain, policy, native: native, limit: limit)
    return try walk.run()
  }
}

/// A program that may be installed: one that `Proof` has looked at and not found wrong.
public struct CheckedProgram: Hashable, Sendable {
  /// The program.
  public let program: Program
  /// Why the proof came to no end, where that was accepted; `nil` for a proven program.
  public let doubt: Proof.Undecided?

  /// Proves a program.
  ///
  /// - Parameters:
  ///   - program: The finished program.
  ///   - policy: What it must mean.
  ///   - native: The architecture that the program is for, a native one.
  ///   - acceptsUndecided: Whether a proof that comes to no end is enough.
  /// - Throws: `ProofError`; a disproved program is never let through.
  public init(
    _ program: Program, means policy: Policy, for native: Architecture,
    acceptsUndecided: Bool = false
  ) throws(ProofError) {
    let checked = try CheckedChain(
      FilterChain(program), means: policy, for: native, acceptsUndecided: acceptsUndecided)
    self.init(first: checked)
  }

  /// The first program of a chain that has no other.
  init(first checked: CheckedChain) {
    program = checked.chain.programs[0]
    doubt = checked.doubt
  }

  /// Takes a program that was proven when this binary was built.
  package init(provenWhenBuilt program: Program) {
    self.program = program
    doubt = nil
  }
}
