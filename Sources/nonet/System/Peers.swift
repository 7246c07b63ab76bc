internal import CLinuxShims

/// Where a network socket is connected to.
struct NetworkPeer: Equatable {
  /// A `struct sockaddr`, empty for a socket that is not connected.
  let address: [UInt8]
  let isStream: Bool

  /// Looks at a descriptor of another process's thread through a copy of it.
  ///
  /// - Returns: `nil` for what is no socket of IPv4 or IPv6, or cannot be looked at.
  init?(of descriptor: CInt, in thread: pid_t, _ process: pid_t) {
    let number = nonet_duplicate_of_thread(thread, process, descriptor)
    if number < 0 { return nil }
    let copy = Descriptor(owning: number)
    do throws(SystemError) {
      guard case .socket(let domain, let type) = try kind(of: number),
        domain == UInt32(AF_INET) || domain == UInt32(AF_INET6)
      else { return nil }
      isStream = type == SOCK_STREAM.rawValue
    } catch {
      return nil
    }
    var bytes = [UInt8](repeating: 0, count: 128)
    var length = socklen_t(bytes.count)
    let result = bytes.withUnsafeMutableBytes {
      getpeername(
        copy.number, $0.baseAddress.map { $0.assumingMemoryBound(to: sockaddr.self) }, &length)
    }
    address = result == 0 ? Array(bytes.prefix(Int(length))) : []
  }
}

/// Raises the limit of descriptors of this process, not of the command, which has its own by now.
///
/// - Returns: How many there may be.
func raiseDescriptorLimit() -> Int { max(64, Int(nonet_raise_descriptor_limit(16_448))) }
