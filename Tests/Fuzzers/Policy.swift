import BPFAssembler

/// Texts of policies: read or refused with a place; what is read survives its own printing,
/// compiles and is proven, or it is said why not.
@c(LLVMFuzzerTestOneInput)
public func fuzzPolicy(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let text = input(bytes, count)
  do throws(PolicyError) {
    let parsed = try Policy.parse(text)
    checkPrinting(parsed)
    for warning in parsed.warnings { checkPlace(warning, text) }
    // One machine for each text: both take twice the time, and a change of length asks the other.
    checkCompiling(parsed.policy, Architecture.natives[count % Architecture.natives.count])
  } catch {
    if error.diagnostics.isEmpty { finding("refused without a word") }
    for diagnostic in error.diagnostics { checkPlace(diagnostic, text) }
  }
  return 0
}

private func checkPrinting(_ parsed: ParsedPolicy) {
  if parsed.policy.rules.contains(where: { $0.place?.line == nil }) {
    finding("a rule without a line")
  }
  do throws(PolicyError) {
    let again = try Policy.parse(Array(parsed.policy.text.utf8))
    if again.policy != parsed.policy { finding("read back as another policy") }
  } catch {
    finding("not read back: \(parsed.policy.text)")
  }
}

private func checkPlace(_ diagnostic: PolicyDiagnostic, _ text: [UInt8]) {
  let lines = text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
  guard (1...lines.count).contains(diagnostic.line) else { finding("line \(diagnostic.line)") }
  let width = lines[diagnostic.line - 1].count
  guard (1...width + 1).contains(diagnostic.column) else { finding("column \(diagnostic.column)") }
  if diagnostic.message.isEmpty { finding("a diagnostic without words") }
  if !isHarmless(diagnostic.text(name: "p")) { finding("control characters in a diagnostic") }
}

private func checkCompiling(_ policy: Policy, _ native: Architecture) {
  let compiled: CompiledPolicy
  do throws(CompilerError) {
    compiled = try CompiledPolicy(policy, for: native)
  } catch {
    if case .refused(let why) = error { finding("the compiler's program is refused: \(why)") }
    return
  }
  do throws(ProofError) {
    try Proof.check(compiled.program, means: policy, for: native, limit: 20_000)
    checkAgreement(compiled.program, policy, native)
  } catch {
    switch error {
    case .disproved(let counterexample): finding("a wrong program: \(counterexample)")
    case .undecided(let undecided):
      switch undecided.reason {
      case .tooManyCases, .tooManyMasks: break
      case .instruction, .contradiction: finding("the proof is lost: \(undecided)")
      }
    }
  }
}
