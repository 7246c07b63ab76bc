internal import CLinuxShims

/// What the relay does: accepts outside, connects inside, and has bytes carried between the two.
///
/// Nothing of what is carried is looked at, and nothing is kept: both directions wait in the kernel's own buffers.
final class RelayLoop {
  private let listeners: [OuterListeners.One]
  private let control: CInt
  private let watch: CInt
  private var connections: [RelayedConnection?]
  private var count = 0
  /// How many there have been, so that an event of one that is gone is not taken for another's.
  private var generation: UInt32 = 0
  private var accepts = false
  /// When accepting goes on that failed, by `monotonicMicroseconds`.
  private var resumes: Int?
  /// When the process ends at the latest, once the command has.
  private var deadline: Int?

  /// More connections at a time wait until one ends.
  private let most: Int
  private static let mostOfAll = 256
  /// Descriptors besides those of connections: the watch, the supervisor's, and one that is not accepted in vain.
  private static let others = 8
  /// How long accepting rests where there is no descriptor or no memory left, in microseconds.
  private static let rest = 100_000
  /// How long what is on its way may take when the command has ended, in microseconds.
  private static let patience = 5_000_000
  private static let mostEvents = 64
  /// Keys in the place of a connection's number.
  private static let controlKey = UInt64.max
  private static let firstListenerKey = UInt64(1) << 63

  /// - Parameters:
  ///   - listeners: Where to accept.
  ///   - control: The end by which the supervisor is heard.
  /// - Throws: The errno of epoll_create1(2) or epoll_ctl(2).
  init(_ listeners: OuterListeners, _ control: CInt) throws(SystemError) {
    self.listeners = listeners.all
    self.control = control
    let watch = try attempt("epoll_create1") { nonet_new_watch() }
    self.watch = watch
    // Two for each, and what is open besides.
    let others = listeners.all.count + Self.others
    let limit = Int(nonet_raise_descriptor_limit(UInt(2 * Self.mostOfAll + others)))
    most = max(1, min(Self.mostOfAll, (limit - others) / 2))
    connections = Array(repeating: nil, count: most)
    _ = try attempt("epoll_ctl") {
      nonet_watch(watch, control, CInt(NONET_WATCH_INPUT.rawValue), Self.controlKey)
    }
    try startAccepting()
    _ = try attempt("send") { nonet_tell_ready(control) }
  }

  /// Goes on until the command has ended and all has arrived.
  func run() {
    var found = [nonet_watched](repeating: nonet_watched(), count: Self.mostEvents)
    while true {
      let ready = nonet_wait_watched(watch, &found, CInt(Self.mostEvents), timeout)
      if ready < 0, nonet_errno() != EINTR { return }
      for event in found.prefix(max(0, Int(ready))) {
        if event.key == Self.controlKey {
          stop()
        } else if event.key >= Self.firstListenerKey {
          accept(Int(event.key - Self.firstListenerKey))
        } else {
          handle(event)
        }
      }
      if let deadline, count == 0 || monotonicMicroseconds >= deadline { return }
      if let resumes, monotonicMicroseconds >= resumes {
        self.resumes = nil
        goOnAccepting()
      }
    }
  }

  private var timeout: CInt {
    guard let next = deadline ?? resumes else { return -1 }
    return CInt(max(0, min(Self.patience, next - monotonicMicroseconds)) / 1000 + 1)
  }

  // Listening --------------------------------------------------------------------------------------

  private func startAccepting() throws(SystemError) {
    for (index, one) in listeners.enumerated() {
      let key = Self.firstListenerKey + UInt64(index)
      _ = try attempt("epoll_ctl") {
        nonet_watch(watch, one.number, CInt(NONET_WATCH_INPUT.rawValue), key)
      }
    }
    accepts = true
  }

  private func stopAccepting() {
    if accepts { for one in listeners { nonet_unwatch(watch, one.number) } }
    accepts = false
  }

  private func goOnAccepting() {
    if accepts || deadline != nil || resumes != nil || count == most { return }
    do throws(SystemError) {
      try startAccepting()
    } catch {
      restAccepting()
    }
  }

  private func restAccepting() {
    stopAccepting()
    resumes = monotonicMicroseconds + Self.rest
  }

  /// The run is over: nothing listens from here on, and the supervisor may end before this process.
  private func stop() {
    if deadline != nil { return }
    stopAccepting()
    for one in listeners { closeQuietly(one.number) }
    deadline = monotonicMicroseconds + Self.patience
    for index in connections.indices {
      guard var one = connections[index] else { continue }
      keep(one.takeNoMore() ? one : nil, at: index)
    }
    if count == 0 { _ = nonet_tell_ready(control) }
    nonet_outlive_parent()
    nonet_unwatch(watch, control)
    closeQuietly(control)
  }

  private func accept(_ listener: Int) {
    // The event may be older than the end, or than the last connection that there is room for.
    guard accepts, listener < listeners.count else { return }
    let outer = nonet_accept_relayed(listeners[listener].number)
    if outer < 0 {
      // Anything else is an error of who connects (accept(2)).
      if isLack(nonet_errno()) { restAccepting() }
      return
    }
    guard let index = connections.firstIndex(where: { $0 == nil }) else {
      return closeQuietly(outer)
    }
    generation = (generation + 1) & 0x3fff_ffff
    var new = RelayedConnection(
      outer: outer, targets: listeners[listener].targets,
      key: UInt64(generation) << 32 | UInt64(index) << 1, watch: watch)
    let number = new.connect()
    guard number == 0 else {
      new.reset()
      if number == EMFILE || number == ENFILE { restAccepting() }
      return
    }
    connections[index] = new
    count += 1
    if count == most { stopAccepting() }
  }

  // Connections ------------------------------------------------------------------------------------

  private func handle(_ event: nonet_watched) {
    let index = Int(event.key & 0xffff_ffff) >> 1
    guard index < connections.count, var one = connections[index], one.key | 1 == event.key | 1
    else { return }
    keep(one.handle(event.events, isInner: event.key & 1 != 0) ? one : nil, at: index)
  }

  /// Notes how a connection stands now; `nil` where it is over.
  private func keep(_ one: RelayedConnection?, at index: Int) {
    connections[index] = one
    if one != nil { return }
    count -= 1
    goOnAccepting()
  }
}
