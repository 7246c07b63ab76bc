internal import BPFAssembler

/// What becomes of AF_UNIX.
extension WhyRun {
  /// What becomes of a connect to a path.
  func path(_ path: [UInt8]) -> WhyAnswer {
    if let held { return self.path(path, held) }
    guard let unix else {
      let (refused, way) = unixOutcome(boundAt(path))
      return refused ?? allowed(way)
    }
    if let refusal = unixSocket { return refusal }
    let file: PinnedFile
    do throws(SystemError) {
      file = try PinnedFile(path)
    } catch {
      if unix.allowsInside {
        return .letThrough(.inside, .supervisor, "once a process of the run listens there")
      }
      return .refused(.supervisor, nil, "nothing is there, and --allow-unix does not name it")
    }
    if unix.names(file) { return .letThrough(.outside, .supervisor, "--allow-unix names it") }
    if unix.folder(of: file) != nil {
      return .letThrough(
        .outside, .supervisor, "--allow-unix names its folder, if its server bound it there")
    }
    return .refused(
      .supervisor, unixRefusal,
      unix.allowsInside
        ? "no process of the run listens there, and --allow-unix does not name it"
        : "--allow-unix does not name it")
  }

  private func path(_ path: [UInt8], _ held: HeldSockets) -> WhyAnswer {
    if let refused = unixOutcome(boundAt(path)).refused { return refused }
    do throws(SystemError) {
      let file = try PinnedFile(path)
      if held.names(file) { return .letThrough(.outside, .landlock, "--allow-unix names it") }
    } catch {
      return .letThrough(.inside, .landlock, "once a process of the run makes a socket there")
    }
    return .refused(
      .landlock, .eacces, "no process of the run made it, and --allow-unix does not name it")
  }

  /// What becomes of a connect to an abstract name.
  func abstract(_ name: [UInt8]) -> WhyAnswer {
    let bound = boundAt([UInt8(ascii: "@")] + name)
    if hasNamespace {
      if network == nil, let refused = unixOutcome(bound).refused { return refused }
      return .ownAbstractNames
    }
    guard let unix else {
      let (refused, way) = unixOutcome(bound)
      if let refused { return refused }
      if plan.cutsAbstractNames {
        // The kernel looks for the name first (unix_stream_connect in net/unix).
        return !bound.isEmpty
          ? .refused(.landlock, .eperm, "its domain cuts abstract names outside off")
          : .letThrough(
            .inside, .landlock, "once a process of the run listens there; names outside are cut off"
          ).by(way)
      }
      return allowed(way)
    }
    if let refusal = unixSocket { return refusal }
    if unix.allowsInside, !bound.contains(where: { $0 != SocketType.datagram }) {
      return .letThrough(.inside, .supervisor, "once a process of the run listens there")
    }
    return .refused(.supervisor, unixRefusal, "no process of the run listens there")
  }

  /// Why no stream socket can be made; `nil` where one can.
  private var unixSocket: WhyAnswer? {
    if network?.makes(SocketType.stream) ?? false { return nil }
    return refusal("socket", AllowedSockets.socket)
  }

  private var unixRefusal: Errno? { network.flatMap { Errno(number: $0.refusal) } ?? options.errno }

  /// The types of the sockets that are bound to a path, or to an abstract name behind an `@`.
  private func boundAt(_ label: [UInt8]) -> [UInt32] {
    unixSockets(named: label, near: OwnProcess.number)
  }

  /// Asks about sockets of AF_UNIX, of the type of what is bound there, or of any.
  ///
  /// - Parameter bound: The types of what is bound there; none where nothing is known to be.
  /// - Returns: The refusal where none gets there, as the usual calls meet it; else the way.
  private func unixOutcome(_ bound: [UInt32]) -> (refused: WhyAnswer?, way: WhyWays.Way?) {
    if filters == nil { return (nil, nil) }
    let wishes = Self.unixWishes.filter { bound.isEmpty || bound.contains($0.wish.type) }
    for (index, (wish, words)) in wishes.enumerated() {
      guard let found = way(wish) else { continue }
      if index == 0, found.isUsual {
        // What decides about AF_UNIX is connect.
        let call = wish.calls[0]
        return (
          nil,
          WhyWays.Way(
            words: found.words, name: call.name, arguments: call.arguments, isUsual: true)
        )
      }
      // io_uring has its own way there, whatever the type.
      let isSocket = found.name.utf8.elementsEqual("socket".utf8)
      if isSocket || index == wishes.count - 1 {
        let prefix = isSocket && index > 0 ? "\(words): " : ""
        return (
          nil,
          WhyWays.Way(
            words: prefix + found.words, name: found.name, arguments: found.arguments,
            isUsual: false)
        )
      }
    }
    guard let first = wishes.first else { return (nil, nil) }
    return outcome(first.wish)
  }

  /// How a program gets to a socket of each type, streams first.
  private static let unixWishes: [(wish: WhyWays.Wish, words: String)] = [
    (wish(SocketType.stream, [("connect", connect, "connect")]), "SOCK_STREAM"),
    (wish(SocketType.sequence, [("connect", connect, "connect")]), "SOCK_SEQPACKET"),
    (wish(SocketType.datagram, datagramCalls), "SOCK_DGRAM"),
  ]

  private static func wish(
    _ type: UInt32, _ calls: [(name: String, arguments: [UInt64], words: String)]
  ) -> WhyWays.Wish {
    WhyWays.Wish(family: UInt32(AF_UNIX), type: type, calls: calls)
  }
}
