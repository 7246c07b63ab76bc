import BPFAssembler
import CTestProbes

/// Asks the kernel that runs this what `KernelTests` asks the host's, and prints a line each.
///
/// Compiled as Embedded Swift by guest.mk, for machines that have no Swift.
@c(nonet_main)
public func entry(_ argc: CInt, _ argv: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> CInt
{
  // An emulated machine is slow, and what the other questions about codes add is not the kernel's.
  let checks = codeChecks.prefix(2) + kernelChecks
  var failed = 0
  for check in checks {
    do throws(Kernel.Surprise) {
      let differences = try check.differences()
      if differences.isEmpty { continue }
      print("FAILED \(check.description)")
      for line in differences.prefix(5) { print("  \(line)") }
    } catch {
      print("FAILED \(check.description): \(error.description)")
    }
    failed += 1
  }
  print("machine \(checks.count - failed) \(failed)")
  return failed == 0 ? 0 : 1
}
