internal import CLinuxShims

/// One connection from outside and its counterpart inside.
struct RelayedConnection {
  /// Stands for the outer socket in events; with its lowest bit set, for the inner one.
  let key: UInt64
  private let watch: CInt
  private var outer: Side
  private var inner = Side(socket: -1)
  /// What is still to be tried inside.
  private var targets: ArraySlice<[UInt8]>
  private var isConnecting = true
  /// Whether one of the two was broken off, so that the other one is as well, once it has what came before.
  private var isBroken = false

  /// A socket, and the way of what it receives to the other one.
  private struct Side {
    var socket: CInt
    var way = Way.open
    /// What is waited for; `nil` where not even the end is.
    var watched: CInt?
    /// Whether its end was told, for which alone it is not waited any more.
    var hasEnd = false
  }

  private enum Way {
    case open
    /// The other socket has no room.
    case blocked
    /// Nothing comes any more, or nothing can be handed on.
    case over
  }

  private static let input = CInt(NONET_WATCH_INPUT.rawValue)
  private static let room = CInt(NONET_WATCH_ROOM.rawValue)
  private static let end = CInt(NONET_WATCH_END.rawValue)
  private static let error = CInt(NONET_WATCH_ERROR.rawValue)

  /// - Parameters:
  ///   - outer: Who connected.
  ///   - targets: Addresses inside.
  ///   - key: An even number that no other connection has.
  ///   - watch: By which events are told.
  init(outer: CInt, targets: [[UInt8]], key: UInt64, watch: CInt) {
    self.outer = Side(socket: outer)
    self.targets = targets[...]
    self.key = key
    self.watch = watch
  }

  /// Connects to the next address inside that does not refuse at once.
  ///
  /// - Returns: 0, or the errno of the last where there is none.
  mutating func connect() -> CInt {
    var number = ECONNREFUSED
    while let target = targets.popFirst() {
      let socket = nonet_connect_relayed(target, socklen_t(target.count))
      if socket < 0 {
        number = nonet_errno()
        continue
      }
      // From its own port it would have reached itself, where nobody listens.
      if nonet_leaves_itself(socket, target) != 0 {
        closeQuietly(socket)
        continue
      }
      inner = Side(socket: socket)
      if settle() { return 0 }
      number = nonet_errno()
      closeQuietly(socket)
      inner.socket = -1
    }
    return number
  }

  /// Breaks off both: they were made so that to close is to reset.
  func reset() {
    closeQuietly(outer.socket)
    if inner.socket >= 0 { closeQuietly(inner.socket) }
  }

  /// Does what an event makes possible.
  ///
  /// - Parameters:
  ///   - events: Of `nonet_watch`.
  ///   - isInner: Whether it is about the socket inside.
  /// - Returns: Whether the connection goes on; both sockets are closed where it does not.
  mutating func handle(_ events: CInt, isInner: Bool) -> Bool {
    if isConnecting { return handleConnecting(events, isInner: isInner) }
    let isEnd = events & Self.end != 0
    if isEnd || events & Self.input != 0 { carry(fromInner: isInner) }
    if isEnd || events & Self.room != 0 { unblock(fromInner: !isInner) }
    // Nothing more comes from there, and nothing gets there. Who broke off outside and has not been read inside would
    // keep its place as long as the server likes.
    let isDead =
      events & Self.error != 0
      && (isInner ? inner.way == .over : outer.way == .over || outer.way == .blocked)
    if isDead {
      reset()
      return false
    }
    return goOn(endsWatch: isEnd ? isInner : nil)
  }

  /// Takes nothing from outside any more; what comes from inside is still handed on.
  ///
  /// - Returns: As `handle`.
  mutating func takeNoMore() -> Bool {
    if isConnecting {
      reset()
      return false
    }
    if outer.way != .over {
      outer.way = .over
      nonet_end_stream(inner.socket)
    }
    return goOn()
  }

  /// Waits for what comes next, or closes both sockets where nothing does.
  private mutating func goOn(endsWatch isInner: Bool? = nil) -> Bool {
    guard inner.way == .over, outer.way == .over else {
      if settle(endsWatch: isInner) { return true }
      reset()
      return false
    }
    if isBroken {
      reset()
    } else {
      nonet_close_whole(outer.socket)
      nonet_close_whole(inner.socket)
    }
    return false
  }

  private mutating func handleConnecting(_ events: CInt, isInner: Bool) -> Bool {
    if !isInner {
      reset()
      return false
    }
    if nonet_socket_error(inner.socket) != 0 {
      closeQuietly(inner.socket)
      inner.socket = -1
      if connect() == 0 { return true }
      reset()
      return false
    }
    isConnecting = false
    if settle() { return true }
    reset()
    return false
  }

  // Directions -------------------------------------------------------------------------------------

  private mutating func carry(fromInner: Bool) {
    let way = fromInner ? inner.way : outer.way
    guard way == .open else { return }
    let (from, to) = fromInner ? (inner.socket, outer.socket) : (outer.socket, inner.socket)
    switch nonet_relay(from, to) {
    case NONET_RELAY_FULL: note(.blocked, fromInner)
    case NONET_RELAY_END:
      note(.over, fromInner)
      // After a reset the kernel may tell of an end alone.
      if isBroken { breakOff() } else { nonet_end_stream(to) }
    case NONET_RELAY_NO_SENDER: breakOff()
    case NONET_RELAY_NO_RECEIVER:
      // What the receiver had sent before still arrives.
      isBroken = true
      note(.over, fromInner)
    case _: break
    }
  }

  private mutating func unblock(fromInner: Bool) {
    guard (fromInner ? inner.way : outer.way) == .blocked else { return }
    note(.open, fromInner)
    carry(fromInner: fromInner)
  }

  private mutating func note(_ way: Way, _ isInner: Bool) {
    if isInner { inner.way = way } else { outer.way = way }
  }

  private mutating func breakOff() {
    isBroken = true
    outer.way = .over
    inner.way = .over
  }

  // What is waited for -----------------------------------------------------------------------------

  /// Waits for what each socket could do next.
  ///
  /// - Parameter isInner: The side whose end was told, which would be told again and again: it is waited for no more
  ///   where nothing else is.
  /// - Returns: Whether it could be done.
  private mutating func settle(endsWatch isInner: Bool? = nil) -> Bool {
    if isConnecting {
      return Self.watch(watch, &outer, 0, key) && Self.watch(watch, &inner, Self.room, key | 1)
    }
    let wantedOuter = Self.wanted(outer.way, inner.way)
    let wantedInner = Self.wanted(inner.way, outer.way)
    if isInner == false, wantedOuter == 0 { Self.unwatch(watch, &outer) }
    if isInner == true, wantedInner == 0 { Self.unwatch(watch, &inner) }
    return Self.watch(watch, &outer, wantedOuter, key)
      && Self.watch(watch, &inner, wantedInner, key | 1)
  }

  private static func wanted(_ own: Way, _ other: Way) -> CInt {
    (own == .open ? input : 0) | (other == .blocked ? room : 0)
  }

  private static func unwatch(_ watch: CInt, _ side: inout Side) {
    nonet_unwatch(watch, side.socket)
    side.watched = nil
    side.hasEnd = true
  }

  private static func watch(
    _ watch: CInt, _ side: inout Side, _ events: CInt, _ key: UInt64
  ) -> Bool {
    if side.watched == events || side.watched == nil && side.hasEnd && events == 0 { return true }
    guard nonet_watch(watch, side.socket, events, key) == 0 else { return false }
    side.watched = events
    return true
  }
}
