internal import CLinuxShims

/// Where another process's network socket is connected to.
///
/// - Returns: Its `struct sockaddr`, empty for a socket that is not connected; `nil` for what is no
///   socket of IPv4 or IPv6, or cannot be looked at.
func networkPeer(of descriptor: CInt, in process: pid_t) -> [UInt8]? {
  let number = nonet_duplicate_of(process, descriptor)
  if number < 0 { return nil }
  let copy = Descriptor(owning: number)
  do throws(SystemError) {
    guard case .socket(let domain, _) = try kind(of: copy.number),
      domain == UInt32(AF_INET) || domain == UInt32(AF_INET6)
    else { return nil }
  } catch {
    return nil
  }
  var bytes = [UInt8](repeating: 0, count: 128)
  var length = socklen_t(bytes.count)
  let socket = copy.number
  let result = bytes.withUnsafeMutableBytes {
    getpeername(socket, $0.baseAddress.map { $0.assumingMemoryBound(to: sockaddr.self) }, &length)
  }
  return result == 0 ? Array(bytes.prefix(Int(length))) : []
}

/// Raises the limit of descriptors of this process, not of the command, which has its own by now.
///
/// - Returns: How many there may be.
func raiseDescriptorLimit() -> Int { max(64, Int(nonet_raise_descriptor_limit(2048))) }
