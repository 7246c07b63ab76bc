internal import CLinuxShims

/// Looks at every process that /proc shows, and at those that start meanwhile.
///
/// - Parameters:
///   - end: When the look is over at the latest, by `monotonicMicroseconds`.
///   - look: What is done with each number; some are of threads, or of what has ended.
/// - Returns: Whether none was missed that lives: in the end no number had been given out since the last look.
func forEachNumber(until end: Int, _ look: (pid_t) -> Void) -> Bool {
  guard var newest = newestNumber(), var numbers = numbers(in: "/proc") else { return false }
  // A process has its number before /proc shows it, so the last ones are looked at once more.
  var before = max(newest - 32, 0)
  var isSettled = false
  var last = end
  while true {
    for number in numbers {
      if monotonicMicroseconds >= last { return false }
      look(number)
    }
    // A chain of processes that each start the next may be anybody's, and is followed for so long.
    if last == end { last = min(end - 1, monotonicMicroseconds + 250_000) }
    // Numbers begin anew some day.
    guard let now = newestNumber(), now >= newest else { return false }
    if now == newest, isSettled { return true }
    isSettled = now == newest
    numbers = Array((before + 1)...now)
    if isSettled {
      sleepMicroseconds(500)
    } else {
      (before, newest) = (newest, now)
    }
  }
}

/// The number that was given out last, to a process or a thread (proc_loadavg(5)); `nil` where /proc does not tell.
private func newestNumber() -> pid_t? {
  var text = [UInt8](repeating: 0, count: 128)
  let count = nonet_read_patiently("/proc/loadavg", &text, text.count)
  guard count > 0 else { return nil }
  let words = text[..<Int(count)].split { $0 <= UInt8(ascii: " ") }
  return words.last.flatMap { pid_t(String(decoding: $0, as: UTF8.self)) }
}

/// A process, held by a handle that no other process takes over (pidfd_open(2)).
struct HeldProcess: ~Copyable {
  let number: pid_t
  private let handle: Descriptor

  /// The number of the network by which it was chosen.
  let network: UInt64

  /// Holds a process while a thread of it is in a network; `nil` where none is, or not any more.
  ///
  /// - Parameters:
  ///   - number: Any number.
  ///   - find: The number of that network, where there is one.
  /// - Throws: The errno of pidfd_open(2), or what `find` throws.
  init?(_ number: pid_t, _ find: () throws(SystemError) -> UInt64?) throws(SystemError) {
    let handle = Descriptor(owning: try attempt("pidfd_open") { nonet_handle(number) })
    // Once it has not ended after the look, what was looked at was this process.
    guard let network = try find(), Self.isThere(handle.number) else { return nil }
    self.handle = handle
    self.network = network
    self.number = number
  }

  /// Whether the process has not ended.
  var isThere: Bool { Self.isThere(handle.number) }

  private static func isThere(_ handle: CInt) -> Bool {
    let nobody = Readiness.Request(descriptor: -1)
    let ended = Readiness.Request(descriptor: handle, readsInput: true)
    return Readiness.wait(ended, nobody, nobody, for: 0).first == .nothing
  }

  /// What a process is sent.
  enum Message {
    case nothing, terminate, kill
  }

  /// Sends it a signal; one that has ended, or may not be sent any, gets none.
  borrowing func send(_ message: Message) {
    switch message {
    case .nothing: return
    case .terminate: _ = nonet_signal_handle(handle.number, SIGTERM)
    case .kill: _ = nonet_signal_handle(handle.number, SIGKILL)
    }
  }
}
