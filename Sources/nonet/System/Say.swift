import CLinuxShims
func say(_ s: String) { var s = s; s.withUTF8 { _ = write(1, $0.baseAddress, $0.count) } }
