internal import BPFAssembler

/// Whether a filter lets IP sockets be made, found out by supposing the calls that make them.
enum IPSockets {
  /// Looks for a way that is open.
  ///
  /// An `int` argument may be compared in many ways, so the calls are those that programs make, not
  /// all that there are: a filter made to let just one other through is not found out.
  ///
  /// - Parameter allows: What the filter answers to a call of this machine's architecture.
  /// - Returns: The first open way, as messages say it; `nil` where there is none.
  static func way(_ allows: (SystemCall) -> Bool) -> String? {
    let host = Architecture.host
    if isOpen(host, allows) { return "socket" }
    if let compat = host.compat {
      if isOpen(compat, allows) { return "socket on \(compat)" }
      // Its arguments lie behind a pointer, so where it is allowed, every socket is.
      if let call = call("socketcall", compat, [1, 4096]), allows(call) {
        return "socketcall on \(compat)"
      }
    }
    if let x32 = host.x32Numbers?.lowerBound, isOpen(host, adding: x32, allows) {
      return "socket on x32"
    }
    // IORING_OP_SOCKET makes them without any further call.
    for architecture in [host] + (host.compat.map { [$0] } ?? []) {
      if let call = call("io_uring_setup", architecture, [8, 4096]), allows(call) {
        return architecture == host ? "io_uring_setup" : "io_uring_setup on \(architecture)"
      }
    }
    return nil
  }

  /// AF_INET and AF_INET6, alike everywhere.
  private static let families: [UInt64] = [2, 10]
  /// SOCK_STREAM, SOCK_DGRAM, SOCK_RAW and SOCK_SEQPACKET, plain and with SOCK_CLOEXEC.
  private static let types: [UInt64] = [1, 2, 3, 5].flatMap { [$0, $0 | 0x80000] }
  /// The family's own, ICMP, TCP, UDP, SCTP, RAW and MPTCP.
  private static let protocols: [UInt64] = [0, 1, 6, 17, 132, 255, 262]

  private static func isOpen(
    _ architecture: Architecture, adding base: UInt32 = 0, _ allows: (SystemCall) -> Bool
  ) -> Bool {
    for family in families {
      for type in types {
        for number in protocols {
          if let call = call("socket", architecture, [family, type, number], adding: base),
            allows(call)
          {
            return true
          }
        }
      }
    }
    return false
  }

  private static func call(
    _ name: String, _ architecture: Architecture, _ arguments: [UInt64], adding base: UInt32 = 0
  ) -> SystemCall? {
    guard let number = Syscall(named: name)?.number(on: architecture) else { return nil }
    return SystemCall(
      arch: architecture.auditValue, number: base | number, arguments: arguments)
  }
}
