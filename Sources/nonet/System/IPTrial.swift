internal import BPFAssembler
internal import CLinuxShims

/// What came of making IP sockets in all the ways that programs do.
///
/// One family, type, flag or protocol may be refused and the next one not, so a single socket proves nothing.
/// io_uring and the calls of other ABIs are not tried.
enum IPTrial {
  /// None can be made; what the first one answered.
  case refused(CInt)
  /// Some can, and all of these lie in another network than this process: a supervisor makes them.
  case supplied
  /// One can, as any program's, or it could not be found out.
  case open

  /// Makes the sockets and closes them again, until one is open.
  static var here: IPTrial {
    var first: CInt?
    var own: UInt64?
    var isSupplied = false
    for family in [AF_INET, AF_INET6] {
      for (type, number) in kinds {
        for flag in flags {
          let made = socket(family, CInt(bitPattern: type | flag), number)
          guard made >= 0 else {
            let error = nonet_errno()
            // Outside, a process that lacks descriptors or memory gets these.
            if [EMFILE, ENFILE, ENOMEM, ENOBUFS].contains(error) { return .open }
            if first == nil { first = error }
            continue
          }
          defer { closeQuietly(made) }
          if own == nil { own = Here.network }
          var other: UInt64 = 0
          guard let own, nonet_network_of(made, &other) == 0, own != other else { return .open }
          isSupplied = true
        }
      }
    }
    return isSupplied ? .supplied : .refused(first ?? EPERM)
  }

  /// Plain, as libraries for threads make them, and as event loops do.
  static let flags: [UInt32] = [0, 0x80000, 0x80800]

  /// Types and protocols: the type's own, TCP, MPTCP, UDP, RAW.
  ///
  /// Each refusal is an attempt to a supervisor, so those that few programs make are left out.
  private static let kinds: [(UInt32, CInt)] = [
    (1, 0), (1, 6), (1, 262), (2, 0), (2, 17), (3, 255),
  ]
}

extension Here {
  /// The network of this process, by a number that no other one has; `nil` where it is not told.
  fileprivate static var network: UInt64? {
    // A pair of AF_UNIX is never made by a supervisor.
    var pair: (CInt, CInt) = (-1, -1)
    let made = withUnsafeMutablePointer(to: &pair) {
      $0.withMemoryRebound(to: CInt.self, capacity: 2) {
        socketpair(AF_UNIX, CInt(bitPattern: SocketType.stream), 0, $0)
      }
    }
    guard made == 0 else { return nil }
    defer {
      closeQuietly(pair.0)
      closeQuietly(pair.1)
    }
    var own: UInt64 = 0
    return nonet_network_of(pair.0, &own) == 0 ? own : nil
  }
}
