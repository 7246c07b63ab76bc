internal import BPFAssembler

/// The ways by which a program can do one thing, asked of a filter: what refuses the usual call may let another
/// one through.
struct WhyWays {
  let filters: FilterChain

  /// A way that is open, as messages say it.
  struct Way {
    let words: String
    /// The call that a rule is looked for, on this machine's own ABI.
    let name: String
    let arguments: [UInt64]
    let isUsual: Bool
  }

  /// How a program gets out by a socket of a type: the socket, and then a call.
  struct Wish {
    let family: UInt32
    let type: UInt32
    /// Calls of which one does, the usual one first; none where the socket is all.
    let calls: [(name: String, arguments: [UInt64], words: String)]
    /// Calls that it needs besides.
    var also: [(name: String, arguments: [UInt64])] = []
  }

  /// Looks for an open way.
  ///
  /// - Parameter wish: What is wanted.
  /// - Returns: The first open one; `nil` where there is none.
  func way(_ wish: Wish) -> Way? {
    for door in doors {
      guard let socket = socket(wish, door),
        wish.also.allSatisfy({ lets($0.name, $0.arguments, door) })
      else { continue }
      let place = door.isOwn ? "" : " on \(door.words)"
      if wish.calls.isEmpty {
        return Way(
          words: "socket\(socket.words)\(place)", name: "socket", arguments: socket.arguments,
          isUsual: door.isOwn && socket.isUsual)
      }
      for (index, call) in wish.calls.enumerated()
      where lets(call.name, call.arguments, door) {
        return Way(
          words: "socket\(socket.words), \(call.words)\(place)", name: "socket",
          arguments: socket.arguments, isUsual: door.isOwn && socket.isUsual && index == 0)
      }
    }
    // It makes sockets, connects and sends without any further call (io_uring_enter(2)).
    for door in doors where lets("io_uring_setup", [8, Self.pointer], door) {
      return Way(
        words: "io_uring" + (door.isOwn ? "" : " on \(door.words)"), name: "io_uring_setup",
        arguments: [8, Self.pointer], isUsual: false)
    }
    return nil
  }

  private struct Door {
    let architecture: Architecture
    let base: UInt32
    let words: String
    let isOwn: Bool
  }

  private var doors: [Door] {
    let host = Architecture.host
    var found = [Door(architecture: host, base: 0, words: "", isOwn: true)]
    if let compat = host.compat {
      found.append(Door(architecture: compat, base: 0, words: "\(compat)", isOwn: false))
    }
    if let x32 = host.x32Numbers?.lowerBound {
      found.append(Door(architecture: host, base: x32, words: "x32", isOwn: false))
    }
    return found
  }

  private struct Socket {
    let words: String
    let arguments: [UInt64]
    let isUsual: Bool
  }

  private func socket(_ wish: Wish, _ door: Door) -> Socket? {
    let isInternet = wish.family == 2 || wish.family == 10
    let stated: [UInt64] =
      !isInternet ? [] : wish.type == SocketType.stream ? [6, 262, 132] : [17, 136]
    for number in [0] + stated {
      for flag in IPTrial.flags {
        let arguments = [UInt64(wish.family), UInt64(wish.type | flag), number]
        guard lets("socket", arguments, door) else { continue }
        let words = (flag == 0 ? "" : " with flags") + (number == 0 ? "" : " of protocol \(number)")
        return Socket(words: words, arguments: arguments, isUsual: words.isEmpty)
      }
    }
    return nil
  }

  private static let pointer: UInt64 = 1 << 32 | 4096
  /// What socketcall(2) calls them (linux/net.h).
  private static let oldNumbers: [(String, UInt64)] = [
    ("socket", 1), ("bind", 2), ("connect", 3), ("listen", 4), ("sendto", 11), ("sendmsg", 16),
    ("sendmmsg", 20),
  ]

  private func lets(_ name: String, _ arguments: [UInt64], _ door: Door) -> Bool {
    if isLet(name, arguments, door) { return true }
    guard !door.isOwn else { return false }
    for (old, number) in Self.oldNumbers where old.utf8.elementsEqual(name.utf8) {
      return isLet("socketcall", [number, 4096], door)
    }
    return false
  }

  private func isLet(_ name: String, _ arguments: [UInt64], _ door: Door) -> Bool {
    guard let number = Syscall(named: name)?.number(on: door.architecture) else { return false }
    let value = filters.run(
      SeccompData(
        nr: door.base | number, arch: door.architecture.auditValue, arguments: arguments))
    return value == SeccompReturn.allow || value == SeccompReturn.log
  }
}
