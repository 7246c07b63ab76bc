internal import CLinuxShims

/// Where a network socket is connected to.
struct NetworkPeer: Equatable {
  /// A `struct sockaddr`, empty for a socket that is not connected.
  let address: [UInt8]
  let isStream: Bool

  /// Where a datagram socket would be connected to.
  init(address: [UInt8]) {
    self.address = address
    isStream = false
  }

  /// Looks at a descriptor of another process's thread through a copy of it.
  ///
  /// - Returns: `nil` for what is no socket of IPv4 or IPv6, or cannot be looked at.
  init?(of descriptor: CInt, in thread: pid_t, _ process: pid_t) {
    var peer = nonet_peer()
    guard nonet_look_at_peer(thread, process, descriptor, &peer) == 0 else { return nil }
    isStream = UInt32(bitPattern: peer.type) == SocketType.stream
    let count = min(Int(peer.size), 128)
    address = withUnsafeBytes(of: &peer.address) { Array($0.prefix(count)) }
  }
}

/// Raises the limit of descriptors of this process, not of the command, which has its own by now.
///
/// - Returns: How many there may be.
func raiseDescriptorLimit() -> Int { max(64, Int(nonet_raise_descriptor_limit(16_448))) }
