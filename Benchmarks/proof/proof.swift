internal import BPFAssembler

// What `main.c` measures. Globals would be set up by `swift_once` inside the measured time.
nonisolated(unsafe) private var compiled: CompiledPolicy?

/// Compiles a preset and keeps the result.
///
/// - Parameters:
///   - preset: Its position among the presets.
///   - native: The position of the architecture.
/// - Returns: The number of instructions; 0 for a failure.
@c(benchmark_compile)
public func compile(_ preset: CInt, _ native: CInt) -> CInt {
  do throws(PolicyError) {
    let policy = try Policy.parse(Preset.allCases[Int(preset)].text).policy
    do throws(CompilerError) {
      let result = try CompiledPolicy(policy, for: Architecture.natives[Int(native)])
      compiled = result
      return CInt(result.program.instructions.count)
    } catch { return 0 }
  } catch { return 0 }
}

/// Proves what `compile` kept.
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
