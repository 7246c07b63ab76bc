import BPFAssembler
import CLinuxShims

@c(nonet_main)
public func entry(_ argc: CInt, _ argv: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> CInt
{
  do throws(VerifierError) {
    say("\(try Program([.return(.constant(0x7fff_0000))]).instructions.count)\n")
    return 0
  } catch {
    say(error.description)
    return 125
  }
}
