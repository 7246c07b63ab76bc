internal import BPFAssembler

// What `main.c` measures. Globals would be set up by `swift_once` inside the measured time, so
// they hold nothing at first.
nonisolated(unsafe) private var text: [UInt8]?
nonisolated(unsafe) private var policy: Policy?
nonisolated(unsafe) private var compiled: CompiledPolicy?

/// Chooses the policy: the presets, then one with 400 rules for 400 calls, then one with 400 rules
/// of two conditions each for one call.
///
/// - Parameter number: The position of the policy.
@c(benchmark_choose)
public func choose(_ number: CInt) {
  if number < 4 {
    text = Preset.allCases[Int(number)].text
    return
  }
  var lines = "default allow\n"
  let calls = Syscall.all.prefix(400)
  for (index, call) in calls.enumerated() {
    lines +=
      number == 4
      ? "deny \(call)\n" : "deny socket if domain == \(3 * index + 5) and type > \(index)\n"
  }
  text = Array(lines.utf8)
}

/// Parses the chosen policy.
///
/// - Returns: The number of rules; 0 for a failure.
@c(benchmark_parse)
public func parse() -> CInt {
  guard let text else { return 0 }
  do throws(PolicyError) {
    let parsed = try Policy.parse(text).policy
    policy = parsed
    return CInt(parsed.rules.count)
  } catch { return 0 }
}

/// Compiles what was parsed.
///
/// - Returns: The number of instructions; 0 for a failure.
@c(benchmark_compile)
public func compile() -> CInt {
  guard let policy else { return 0 }
  do throws(CompilerError) {
    let result = try CompiledPolicy(policy, for: .x86_64)
    compiled = result
    return CInt(result.program.instructions.count)
  } catch { return 0 }
}

/// Proves what was compiled.
///
/// - Returns: The number of steps; 0 for a failure.
@c(benchmark_prove)
public func prove() -> CInt {
  guard let compiled else { return 0 }
  do throws(ProofError) {
    return CInt(
      try Proof.check(compiled.program, means: compiled.policy, for: compiled.architecture))
  } catch { return 0 }
}
