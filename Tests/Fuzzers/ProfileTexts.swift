import BPFAssembler

/// Profiles of container engines: refused with a place and a sentence, or read as a policy that means
/// the same when it is read again.
///
/// Compiled together with the sources of nonet, whose reader it asks.
@c(LLVMFuzzerTestOneInput)
public func fuzzProfile(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let text = input(bytes, count)
  let native = Architecture.natives[count % Architecture.natives.count]
  let target = ProfileTarget(architecture: native, kernel: nil)
  do throws(ProfileError) {
    let first = try ProfileDocument(text, named: "p").policy(for: target)
    let second = try ProfileDocument(text, named: "p").policy(for: target)
    if first.policy != second.policy { finding("read as two policies") }
    for warning in first.warnings where warning.isEmpty || !isHarmless(warning) {
      finding("a warning: \(warning)")
    }
  } catch {
    if error.message.isEmpty || !isHarmless(error.message) { finding(error.message) }
  }
  return 0
}
