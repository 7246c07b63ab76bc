import BPFAssembler
import CLinuxShims

@c(nonet_main)
public func entry(_ argc: CInt, _ argv: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> CInt {
  say(hello())
  return 0
}
