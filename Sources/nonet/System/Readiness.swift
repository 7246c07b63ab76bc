internal import CLinuxShims

/// What poll(2) says of one descriptor, whatever becomes of the limit of open files (`nonet_wait`).
enum Readiness {
  case nothing
  /// There is something to read.
  case input
  /// There is nothing to read, now or ever: an error, or the other end is gone.
  case end

  fileprivate init(_ events: CInt) {
    self = events & POLLIN != 0 ? .input : events == 0 ? .nothing : .end
  }

  /// A descriptor to wait for.
  struct Request {
    /// -1 for none.
    let descriptor: CInt
    /// Whether input is waited for, or an end alone.
    var readsInput = true
  }

  /// Waits for three descriptors at once.
  ///
  /// - Parameters:
  ///   - first: A descriptor.
  ///   - second: Another one.
  ///   - third: Another one.
  ///   - milliseconds: How long; -1 for as long as it takes.
  /// - Returns: What there is of each, and whether the time is over. A signal may leave nothing.
  static func wait(
    _ first: Request, _ second: Request, _ third: Request, for milliseconds: CInt
  ) -> (first: Readiness, second: Readiness, third: Readiness, isTimeOver: Bool) {
    var requests = (pollfd(first), pollfd(second), pollfd(third))
    let count = withUnsafeMutableBytes(of: &requests) {
      nonet_wait($0.baseAddress?.assumingMemoryBound(to: pollfd.self), 3, milliseconds)
    }
    guard count > 0 else {
      return (.nothing, .nothing, .nothing, count == 0 || nonet_errno() == EINVAL)
    }
    func readiness(_ request: pollfd) -> Readiness { Readiness(CInt(request.revents)) }
    return (readiness(requests.0), readiness(requests.1), readiness(requests.2), false)
  }

  /// In a second holder: takes what its supervisor has prepared for its waits.
  ///
  /// - Returns: A descriptor that stays open; -1 where there is none.
  static func takePrepared() -> CInt { nonet_take_next_wait() }

  /// Waits for one descriptor, as long as it takes or until a signal comes.
  static func wait(_ descriptor: CInt) -> Readiness {
    var request = pollfd(Request(descriptor: descriptor))
    return nonet_wait(&request, 1, -1) == 1 ? Readiness(CInt(request.revents)) : .nothing
  }
}

extension pollfd {
  fileprivate init(_ request: Readiness.Request) {
    self.init(
      fd: request.descriptor, events: Int16(request.readsInput ? POLLIN : 0), revents: 0)
  }
}

/// Whether a pipe has room at this moment: what is ready takes PIPE_BUF bytes at once (pipe(7)).
func canWrite(to descriptor: CInt) -> Bool {
  var request = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
  return nonet_wait(&request, 1, 0) == 1
}
