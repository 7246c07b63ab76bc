internal import CLinuxShims

/// Sockets of the network outside on which somebody may connect, each with where that leads inside.
///
/// They are made before the network is left, and belong to the relay alone once that has started.
struct OuterListeners {
  /// A listening socket.
  struct One {
    let number: CInt
    /// Addresses inside, each a `sockaddr_in` or `sockaddr_in6`, in the order in which they are tried.
    let targets: [[UInt8]]
  }

  private(set) var all: [One] = []

  /// Makes one more.
  ///
  /// - Parameters:
  ///   - address: Where it listens, a `sockaddr_in` or `sockaddr_in6`.
  ///   - targets: Where that leads inside.
  /// - Throws: The errno of socket(2), bind(2) or listen(2).
  mutating func add(_ address: [UInt8], targets: [[UInt8]]) throws(SystemError) {
    let number = try attempt("bind") { nonet_listen_outside(address, socklen_t(address.count)) }
    all.append(One(number: number, targets: targets))
  }

  /// Binds a socket, and closes it again.
  ///
  /// - Throws: What `add` would throw.
  static func tryAddress(_ address: [UInt8]) throws(SystemError) {
    closeQuietly(try attempt("bind") { nonet_bind_outside(address, socklen_t(address.count)) })
  }

  func close() { for one in all { closeQuietly(one.number) } }
}

/// The process that carries bytes between who connects from outside and a server of the command's own.
///
/// It is in the command's network, so that all it could connect to is inside, and has of the network outside the
/// listening sockets and what came in by them. Neither is ever the command's.
struct Relay {
  let number: pid_t
  private let control: CInt

  /// After so many milliseconds a relay that does not answer is ended.
  private static let patience: CInt = 1000

  /// Starts the process, in the network in which this one is by now.
  ///
  /// It ends with the thread that calls this, and has closed the listeners here when this comes back.
  ///
  /// - Throws: The errno of socketpair(2) or fork(2); ECHILD where the process could not go on.
  init(_ listeners: OuterListeners) throws(SystemError) {
    defer { listeners.close() }
    var supervisorEnd: CInt = -1
    var relayEnd: CInt = -1
    number = try attempt("fork") { nonet_fork_relay(&supervisorEnd, &relayEnd) }
    if number == 0 {
      OwnProcess.leaveFolder()
      let kept = listeners.all.map { $0.number } + [relayEnd]
      guard OwnProcess.closeAll(but: kept) else { OwnProcess.end() }
      do throws(SystemError) {
        let loop = try RelayLoop(listeners, relayEnd)
        loop.run()
      } catch {}
      OwnProcess.end()
    }
    control = supervisorEnd
    _ = try attempt("starting the relay") { nonet_hear_ready(supervisorEnd) }
  }

  /// Ends it: nothing listens any more when this comes back, nothing new gets in, and what is on its way out still
  /// arrives.
  func end() {
    let answer = nonet_end_relaying(control, Self.patience)
    if answer == 0 { return }
    if answer < 0 { endProcess(number) }
    reap(number)
  }
}
