internal import BPFAssembler

/// What a supervisor decides where the command has a network of its own and the policy lets connect through.
///
/// There connect on AF_UNIX is all that leads outside, and no filter can tell whose family a descriptor is.
/// So the kernel asks about every connect, and the supervisor makes it. AF_UNIX sockets can then be made.
struct PrivateNetwork {
  /// What a connect that leads outside answers: the policy's own answer to an AF_UNIX socket.
  let refusal: CInt
  /// Asks about what the policy allows; stands before it.
  let questions: Program
  /// What stays refused although the supervisor would make it; `nil` where that is nothing.
  let held: Policy?
  private let connect: Syscall
  private let socket: Syscall

  /// Looks whether a policy is of that kind.
  ///
  /// - Parameters:
  ///   - oracle: What the policy answers.
  ///   - watched: Calls that the policy may allow and the supervisor wants to see all the same.
  ///   - wantsSends: Whether it wants to see where datagrams go to.
  ///   - held: What stays refused all the same.
  ///
  /// It is `nil` where AF_UNIX sockets can be made anyway, or connect or listen are refused.
  init?(
    _ oracle: Program, watching watched: [Syscall], wantsSends: Bool, held: Policy? = nil
  ) {
    func answer(_ call: Syscall, _ arguments: [UInt64]) -> UInt32? {
      call.number(on: .host).map {
        oracle.run(
          SeccompData(nr: $0, arch: Architecture.host.auditValue, arguments: arguments))
      }
    }
    guard let connect = Syscall(named: "connect"), let socket = Syscall(named: "socket"),
      let listen = Syscall(named: "listen"),
      answer(connect, [3, 1 << 32 | 4096, 110]) == SeccompReturn.allow,
      answer(listen, [3, 16]) == SeccompReturn.allow,
      let made = answer(socket, [UInt64(AF_UNIX), UInt64(SocketType.stream), 0]),
      made & 0xffff_0000 == SeccompReturn.errno
    else { return nil }
    let rule = Policy.Rule(.deny(nil), [connect] + watched, at: Policy.Place("--loopback"))
    guard let sends = Self.sends else { return nil }
    do throws(CheckedProgram.Failure) {
      let asking = try CheckedProgram(
        Policy(
          defaultVerdict: .allow, x32: .allow, rules: [rule] + (wantsSends ? sends : [])),
        for: .host)
      guard let questions = asking.notifying() else { return nil }
      self.questions = questions
    } catch {
      return nil
    }
    self.held = held
    refusal = CInt(truncatingIfNeeded: made & 0xffff)
    (self.connect, self.socket) = (connect, socket)
  }

  /// Whether AF_UNIX sockets of a type can be made, which the supervisor connects.
  func makes(_ type: UInt32) -> Bool {
    (type == SocketType.stream || type == SocketType.sequence)
      && !(held?.refuses("socket", [UInt64(AF_UNIX), UInt64(type), 0]) ?? false)
  }

  /// Sends that may name an address.
  private static var sends: [Policy.Rule]? {
    let text = "default allow\ndeny sendto  if dest_addr != NULL\ndeny sendmsg, sendmmsg\n"
    do throws(PolicyError) {
      return try Policy(text: text, named: "--loopback").rules
    } catch {
      return nil
    }
  }

  /// Whether a datagram to an address finds no way out of a network in which there is nothing but `lo`.
  static func isOutside(_ bytes: [UInt8]) -> Bool {
    let isVersion6 = bytes.first == UInt8(AF_INET6)
    guard
      case .endpoint(let endpoint) = Destination(
        bytes, length: Int32(bytes.count), isVersion6: isVersion6)
    else { return false }
    let address = endpoint.address
    // Loopback, this network, multicast and limited broadcast; their IPv6 kin.
    if endpoint.isVersion4 { return address[12] != 127 && address[12] != 0 && address[12] < 224 }
    let isLocal = address[..<15].allSatisfy { $0 == 0 } && address[15] < 2
    return !isLocal && !endpoint.needsInterface && address[0] != 0xff
  }

  /// What becomes of a call; `nil` for what the policy alone decides.
  func ruling(on call: Call) -> Judge.Ruling? {
    guard !call.isX32, let architecture = call.architecture,
      let syscall = Syscall.at(number: call.number, on: architecture)
    else { return nil }
    if syscall == connect {
      return Judge.Ruling(answer: .refuse(refusal), verdict: .refused(refusal))
    }
    // All that decides is in registers, which nobody can change before the kernel looks at them again.
    let type = call.word(1) & 0xf
    let isUnix = syscall == socket && call.word(0) == UInt32(AF_UNIX)
    guard isUnix, type == SocketType.stream || type == SocketType.sequence else {
      return nil
    }
    return Judge.Ruling(answer: .proceed, verdict: nil, isMade: true)
  }
}
