/// Datagram sockets that believe to be connected to a name server, of which each query has a name.
struct Resolvers {
  private struct Resolver {
    let socket: UInt64
    let address: [UInt8]
    /// The connect, as long as no query has told more than it does.
    var connect: (attempt: Attempt, thread: Identities.Thread?)?
  }

  private var known: [Resolver] = []

  /// So many are kept in mind.
  private static let most = 64

  /// Keeps a socket in mind.
  ///
  /// - Parameters:
  ///   - socket: Its number in sockfs.
  ///   - address: Where it believes to be connected to.
  ///   - attempt: The connect.
  ///   - thread: Who made it, for the log.
  mutating func note(
    _ socket: UInt64, _ address: [UInt8], _ attempt: Attempt, _ thread: Identities.Thread?
  ) {
    // Where there are too many the oldest is forgotten: its query shows by itself if it comes.
    known.removeAll { $0.socket == socket }
    if known.count == Self.most { known.removeFirst() }
    known.append(Resolver(socket: socket, address: address, connect: (attempt, thread)))
  }

  /// Where a socket's query would go, after which its connect has nothing more to tell; `nil` for any other socket.
  mutating func takeQuery(of socket: UInt64) -> NetworkPeer? {
    guard let place = known.lastIndex(where: { $0.socket == socket }) else { return nil }
    known[place].connect = nil
    return NetworkPeer(address: known[place].address)
  }

  /// Connects that no query has followed: it was written, or never sent.
  ///
  /// - Returns: Each once.
  mutating func takeUnasked() -> [(attempt: Attempt, thread: Identities.Thread?)] {
    var taken: [(attempt: Attempt, thread: Identities.Thread?)] = []
    for place in known.indices {
      if let connect = known[place].connect { taken.append(connect) }
      known[place].connect = nil
    }
    return taken
  }
}
