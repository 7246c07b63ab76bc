internal import BPFAssembler

/// One system call that waits for an answer: what the registers say.
struct Call: Equatable {
  let arch: UInt32
  let number: UInt32
  /// Six of them; the last two lanes are 0.
  var arguments: SIMD8<UInt64>

  init(_ notification: Notification) {
    arch = notification.arch
    number = notification.number
    arguments = notification.arguments
  }

  init(arch: UInt32, number: UInt32, arguments: SIMD8<UInt64>) {
    self.arch = arch
    self.number = number
    self.arguments = arguments
  }

  /// What a filter sees of the call; no filter of ours looks at the instruction pointer.
  var data: SeccompData {
    var data = SeccompData(nr: number, arch: arch)
    for (index, argument) in SeccompData.Argument.allCases.enumerated() {
      data[argument] = arguments[index]
    }
    return data
  }

  /// The ABI whose numbers and structures the call uses; `nil` for one that no kernel of ours has.
  var architecture: Architecture? { Architecture.allCases.first { $0.auditValue == arch } }

  var isX32: Bool {
    arch == Architecture.x86_64.auditValue
      && [Architecture.x86_64.x32Numbers, Architecture.x86_64.x32TableNumbers].contains {
        $0?.contains(number) ?? false
      }
  }

  /// Whether pointers behind the call have 32 bits.
  var is32Bit: Bool { isX32 || architecture?.is32Bit ?? false }

  /// A value of the low half of a register, as an `int` parameter has it.
  func word(_ index: Int) -> UInt32 { UInt32(truncatingIfNeeded: arguments[index]) }

  /// A value of a whole register, as far as the ABI has one.
  func long(_ index: Int) -> UInt64 {
    is32Bit ? arguments[index] & 0xffff_ffff : arguments[index]
  }
}

/// The calls whose arguments the log takes apart.
enum CallKind: Equatable {
  case socket, socketpair, connect, bind, listen, shutdown, sendto, sendmsg, sendmmsg, socketcall
  /// Shown by its registers.
  case other

  /// From the number that `socketcall` takes (linux/net.h, SYS_SOCKET ...).
  static func behindSocketcall(_ number: UInt32) -> (kind: CallKind, name: String, count: Int) {
    switch number {
    case 1: (.socket, "socket", 3)
    case 2: (.bind, "bind", 3)
    case 3: (.connect, "connect", 3)
    case 4: (.other, "listen", 2)
    case 5: (.other, "accept", 3)
    case 6: (.other, "getsockname", 3)
    case 7: (.other, "getpeername", 3)
    case 8: (.socketpair, "socketpair", 4)
    case 9: (.other, "send", 4)
    case 10: (.other, "recv", 4)
    case 11: (.sendto, "sendto", 6)
    case 12: (.other, "recvfrom", 6)
    case 13: (.other, "shutdown", 2)
    case 14: (.other, "setsockopt", 5)
    case 15: (.other, "getsockopt", 5)
    case 16: (.sendmsg, "sendmsg", 3)
    case 17: (.other, "recvmsg", 3)
    case 18: (.other, "accept4", 4)
    case 19: (.other, "recvmmsg", 5)
    case 20: (.sendmmsg, "sendmmsg", 4)
    case _: (.other, "\(number)", 0)
    }
  }
}

/// Finds the kind of a call without comparing names.
struct CallKinds {
  private let kinds: [(Syscall, CallKind)]

  init() {
    let names: [(String, CallKind)] = [
      ("socket", .socket), ("socketpair", .socketpair), ("connect", .connect), ("bind", .bind),
      ("listen", .listen), ("shutdown", .shutdown), ("sendto", .sendto), ("sendmsg", .sendmsg),
      ("sendmmsg", .sendmmsg),
      ("socketcall", .socketcall),
    ]
    kinds = names.compactMap { name, kind in Syscall(named: name).map { ($0, kind) } }
  }

  func kind(of call: Call) -> CallKind {
    guard !call.isX32, let architecture = call.architecture,
      let syscall = Syscall.at(number: call.number, on: architecture)
    else { return .other }
    return kinds.first { $0.0 == syscall }?.1 ?? .other
  }
}
