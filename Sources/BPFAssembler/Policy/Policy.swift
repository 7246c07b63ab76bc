/// What is denied, said once: a total function from system calls to verdicts.
///
/// Rules are tried in order and the first that matches decides, else `defaultVerdict`.
/// `verdict(of:native:)` says in plain code what this means; the compiler must agree with it.
public struct Policy: Hashable, Sendable {
  /// What happens to calls of the 32-bit ABI that runs beside the native one.
  public enum Foreign: Hashable, Sendable {
    /// The same rules hold there, by that ABI's own numbers.
    case compile
    /// Every call of that ABI gets this verdict.
    case verdict(Verdict)
  }

  /// The verdict of calls that no rule matches.
  public var defaultVerdict: Verdict
  /// What the 32-bit ABI gets: i386 on x86_64, arm on aarch64.
  public var foreign: Foreign
  /// The verdict of the numbers 0x40000000...0xfffffffe and 512...547 on x86_64.
  public var x32: Verdict
  /// The verdict of 512...547 where it is another; the policy language does not tell them apart, and
  /// libseccomp does.
  package var x32WithoutBit: Verdict?
  /// The verdict of numbers above the newest known call of the ABI.
  public var unknown: Verdict
  /// The errno of a plain `deny`.
  public var refusal: Errno
  /// The rules, first match first.
  public var rules: [Policy.Rule]
  /// The words of the `layers` line, at least one; `nil` where there is no such line.
  ///
  /// They say nothing about calls: only nonet, which uses the policy, knows them.
  package var layers: [String]?
  /// The words of the `network` line, likewise.
  package var network: [String]?

  /// Makes a policy.
  ///
  /// - Parameters:
  ///   - defaultVerdict: The verdict of calls that no rule matches.
  ///   - foreign: What the 32-bit ABI gets.
  ///   - x32: The verdict of x32 numbers; glibc falls back on ENOSYS.
  ///   - unknown: The verdict of numbers above the newest known; `nil` is the default verdict.
  ///   - refusal: The errno of a plain `deny`; socket(2) documents EACCES.
  ///   - rules: The rules, first match first.
  public init(
    defaultVerdict: Verdict, foreign: Foreign = .compile, x32: Verdict = .deny(.enosys),
    unknown: Verdict? = nil, refusal: Errno = .eacces, rules: [Policy.Rule]
  ) {
    self.defaultVerdict = defaultVerdict
    self.foreign = foreign
    self.x32 = x32
    self.unknown = unknown ?? defaultVerdict
    self.refusal = refusal
    self.rules = rules
  }
}
