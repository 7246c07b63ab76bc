import BPFAssembler
import Testing

/// A policy from its text, with the statements that most tests do not care about filled in.
func policy(_ lines: String...) throws(PolicyError) -> Policy {
  let text = lines.joined(separator: "\n")
  return try Policy.parse(Array(("default allow\n" + text).utf8)).policy
}

/// A call by its name.
func syscall(_ name: String) throws -> Syscall { try #require(Syscall(named: name)) }

/// A call as a program would make it.
func call(
  _ name: String, _ arguments: [UInt64] = [], on architecture: Architecture = .x86_64
) throws -> SystemCall {
  let number = try #require(try syscall(name).number(on: architecture))
  return SystemCall(arch: architecture.auditValue, number: number, arguments: arguments)
}

extension CompiledPolicy {
  /// Whether the program answers what the policy means.
  func agrees(on call: SystemCall) -> Bool {
    program.run(call.data) == policy.action(policy.verdict(of: call, native: architecture))
  }
}

/// What the compiler says where it makes no program.
func refusal(of policy: Policy, for native: Architecture = .x86_64) -> CompilerError? {
  do throws(CompilerError) {
    _ = try CompiledPolicy(policy, for: native)
    return nil
  } catch {
    return error
  }
}
