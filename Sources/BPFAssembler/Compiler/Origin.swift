extension CompiledPolicy {
  /// Why an instruction is there: the part of the policy that asked for it.
  public enum Origin: Hashable, Sendable {
    /// Tells the native ABI, the 32-bit ABI and all others apart.
    case architecture
    /// Finds the range that a system call number lies in.
    case dispatch
    /// The number -1, by which a tracer skips a call.
    case skipped
    /// What the policy says of x32 numbers.
    case x32
    /// What the policy says of numbers above the newest known.
    case unknown
    /// What the policy says of the 32-bit ABI as a whole.
    case foreign
    /// The policy's default.
    case `default`
    /// Another filter of the policy answers for the call.
    case elsewhere
    /// A rule, by its index in `Policy.rules`.
    case rule(Int)
  }
}
