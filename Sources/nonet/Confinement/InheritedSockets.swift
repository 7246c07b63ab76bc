internal import BPFAssembler

/// Which inherited sockets a command may keep: those that its policy lets it make itself.
struct InheritedSockets {
  /// Whether the command gets a network of its own; an inherited IP socket belongs to the one outside.
  private let hasNamespace: Bool
  private let allows: (SystemCall) -> Bool

  /// Sockets as a policy lets the command make them.
  init(_ policy: Policy, hasNamespace: Bool) {
    self.hasNamespace = hasNamespace
    allows = { !policy.verdict(of: $0, native: .host).refuses }
  }

  /// Sockets as a filter lets the command make them.
  init(_ filter: ProvenFilter, hasNamespace: Bool) {
    self.hasNamespace = hasNamespace
    allows = { filter.program?.program.allows($0) ?? false }
  }

  private static let unixFamily = UInt32(AF_UNIX)
  private static let ipFamilies = [UInt32(AF_INET), UInt32(AF_INET6)]

  /// Whether a socket stays open at 3 and above.
  func keep(domain: UInt32, type: UInt32) -> Bool {
    (domain == Self.unixFamily || (!hasNamespace && Self.ipFamilies.contains(domain)))
      && ["socket", "socketpair"].contains { isAllowed($0, domain: domain, type: type) }
  }

  /// Whether a socket may be standard input, output or error: pipes of Node and of service managers
  /// are AF_UNIX streams, under any policy.
  func keepAsStandard(domain: UInt32, type: UInt32) -> Bool {
    let isStream =
      domain == Self.unixFamily && (type == SocketType.stream || type == SocketType.sequence)
    return isStream || keep(domain: domain, type: type)
  }

  private func isAllowed(_ name: String, domain: UInt32, type: UInt32) -> Bool {
    guard let number = Syscall(named: name)?.number(on: .host) else { return false }
    return allows(
      SystemCall(
        arch: Architecture.host.auditValue, number: number,
        arguments: [UInt64(domain), UInt64(type), 0]))
  }
}

extension Program {
  /// Whether a call is run, with an audit record or without.
  func allows(_ call: SystemCall) -> Bool {
    var data = SeccompData(nr: call.number, arch: call.arch)
    for (argument, value) in zip(SeccompData.Argument.allCases, call.arguments) {
      data[argument] = value
    }
    let answer = run(data)
    return answer == SeccompReturn.allow || answer == SeccompReturn.log
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
      case .folder: "a folder below which the kernel's settings are not read-only"
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
      case SocketType.stream: "stream"
      case SocketType.datagram: "datagram"
      case SocketType.raw: "raw"
      case SocketType.sequence: "seqpacket"
      case _: "type \(type)"
      }
    return "an \(family?.name ?? "AF_\(domain)") \(kind) socket"
  }
}
