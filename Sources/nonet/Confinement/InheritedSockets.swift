internal import BPFAssembler
internal import CLinuxShims

/// Which inherited sockets a command may keep: those that it could make itself.
enum InheritedSockets {
  /// AF_UNIX stream and seqpacket.
  case streams
  /// AF_UNIX of every type.
  case unix
  case none
  /// What a policy lets the command make; never IP where the command gets a namespace of its own,
  /// because an inherited socket belongs to the one outside.
  case policy(Policy, hasNamespace: Bool)

  /// The answer for a preset as it stands.
  init(_ preset: Preset) {
    switch preset {
    case .default, .loopback: self = .streams
    case .unix: self = .unix
    case .strict: self = .none
    }
  }

  private static let unixFamily = UInt32(AF_UNIX)
  private static let ipFamilies = [UInt32(AF_INET), UInt32(AF_INET6)]

  private static func isStream(_ domain: UInt32, _ type: UInt32) -> Bool {
    domain == unixFamily && (type == SOCK_STREAM.rawValue || type == SOCK_SEQPACKET.rawValue)
  }

  /// Whether a socket stays open at 3 and above.
  func keep(domain: UInt32, type: UInt32) -> Bool {
    switch self {
    case .none: false
    case .streams: Self.isStream(domain, type)
    case .unix: domain == Self.unixFamily
    case .policy(let policy, let hasNamespace):
      (domain == Self.unixFamily || (!hasNamespace && Self.ipFamilies.contains(domain)))
        && policy.letsMake(domain: domain, type: type)
    }
  }

  /// Whether a socket may be standard input, output or error: pipes of Node and of service managers
  /// are AF_UNIX streams, under any policy.
  func keepAsStandard(domain: UInt32, type: UInt32) -> Bool {
    Self.isStream(domain, type) || keep(domain: domain, type: type)
  }
}

extension Policy {
  fileprivate func letsMake(domain: UInt32, type: UInt32) -> Bool {
    ["socket", "socketpair"].contains { name in
      guard let number = Syscall(named: name)?.number(on: .host) else { return false }
      let call = SystemCall(
        arch: Architecture.host.auditValue, number: number,
        arguments: [UInt64(domain), UInt64(type), 0])
      return !verdict(of: call, native: .host).refuses
    }
  }
}

/// A descriptor that must not be there, in words.
struct ForbiddenDescriptor {
  let number: CInt
  let kind: DescriptorKind

  var description: String {
    let what =
      switch kind {
      case .socket(let domain, let type): Self.socket(domain, type)
      case .secretSocket: "a socket of a kind that an outer filter hides (getsockopt is refused)"
      case .ring: "an io_uring"
      case .device(let device): Self.words(device)
      case .program: "a part of a BPF program (bpf(2))"
      case .nameless: "an io_uring or the like (/proc, which would tell, is not there)"
      case .closed, .other: "a file"
      }
    return "descriptor \(number) is \(what)"
  }

  private static func words(_ device: DescriptorKind.Device) -> String {
    switch device {
    case .tun: "a tun or tap device"
    case .tap: "a tap on a network interface (macvtap, ipvtap), or a filter hides that"
    case .vhost: "a vhost device of a virtual machine"
    case .ppp: "a ppp device"
    }
  }

  private static func socket(_ domain: UInt32, _ type: UInt32) -> String {
    let family = NamedConstant.all.first {
      $0.name.utf8.starts(with: "AF_".utf8) && $0.value(on: .host) == UInt64(domain)
    }
    // Not a dictionary: its hashing asks for entropy, and dies where an outer sandbox gives none.
    let kind =
      switch type {
      case SOCK_STREAM.rawValue: "stream"
      case SOCK_DGRAM.rawValue: "datagram"
      case SOCK_RAW.rawValue: "raw"
      case SOCK_SEQPACKET.rawValue: "seqpacket"
      case _: "type \(type)"
      }
    return "an \(family?.name ?? "AF_\(domain)") \(kind) socket"
  }
}
