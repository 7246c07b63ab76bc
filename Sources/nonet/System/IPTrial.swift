internal import CLinuxShims

/// What came of making IP sockets in the ways that programs do.
///
/// One family, type, flag or protocol may be refused and the next one not, so a single socket proves nothing.
/// io_uring and the calls of other ABIs are not tried.
enum IPTrial {
  /// None can be made; what the first one answered.
  case refused(CInt)
  /// Some can, and all of these lie in another network than this process: a supervisor makes them.
  case supplied
  /// This one can, as any program's.
  case open(SocketKind)
  /// It could not be found out, and why.
  case unknown(SystemError)

  /// Makes the sockets that programs usually do and closes them again, until one is open.
  static var here: IPTrial { IPTrial(usualKinds, flags) }

  /// Makes those that few programs do.
  static var rare: IPTrial { IPTrial(rareKinds, [0]) }

  private init(_ kinds: [(type: UInt32, number: UInt32)], _ flags: [UInt32]) {
    do throws(SystemError) {
      self = try Self.trial(kinds, flags)
    } catch {
      self = .unknown(error)
    }
  }

  private static func trial(
    _ kinds: [(type: UInt32, number: UInt32)], _ flags: [UInt32]
  ) throws(SystemError) -> IPTrial {
    var first: CInt?
    var own: UInt64?
    var isSupplied = false
    for family in [UInt32(AF_INET), UInt32(AF_INET6)] {
      for (type, number) in kinds {
        let kind = SocketKind(family: family, type: type, number: number)
        for flag in flags {
          switch try SocketTrial(kind, flags: flag) {
          case .refused(let error):
            if first == nil { first = error }
          case .made(let network):
            if own == nil { own = try Here.network() }
            guard let own, let network, own != network else { return .open(kind) }
            isSupplied = true
          }
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
  private static let usualKinds: [(type: UInt32, number: UInt32)] = [
    (1, 0), (1, 6), (1, 262), (2, 0), (2, 17), (3, 255),
  ]

  /// SCTP in both its types, SMC, UDP-Lite, ICMP and ICMPv6 as ping has them and raw, L2TP, DCCP, SOCK_PACKET,
  /// and a raw protocol that has no name (RFC 3692), which stands for all of these.
  private static let rareKinds: [(type: UInt32, number: UInt32)] = [
    (1, 132), (5, 132), (1, 256), (2, 136), (2, 1), (2, 58), (3, 1), (3, 58), (2, 115), (6, 33),
    (10, 3), (3, 253),
  ]
}
