internal import CLinuxShims

/// Reads an address of IPv4 or IPv6 as people write it (inet_pton(3)).
///
/// - Returns: 4 or 16 bytes; `nil` for anything else, names of hosts included.
func internetAddress(_ text: [UInt8], isVersion6: Bool) -> [UInt8]? {
  guard !text.contains(0), text.count < 64 else { return nil }
  var bytes = [UInt8](repeating: 0, count: isVersion6 ? 16 : 4)
  let family = isVersion6 ? AF_INET6 : AF_INET
  let words = text.map { CChar(bitPattern: $0) } + [0]
  return inet_pton(family, words, &bytes) == 1 ? bytes : nil
}
