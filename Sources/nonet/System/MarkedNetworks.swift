internal import CLinuxShims

/// The networks with a session's mark, also such that no command enters any more, and the processes in them.
///
/// Each network that was looked at is held from then on, with the mark or without, so that its number stands for it
/// and a further look starts no process.
final class MarkedNetworks {
  private let mark: String
  private var judged: [(network: HeldNetwork, isMarked: Bool)] = []
  /// Whether all that was looked at since the look began was found out.
  private var isSure = true

  /// Of more networks than these none is held; whether they have the mark is not known.
  private static let mostNetworks = 256

  /// - Parameter mark: The alias of `lo` there.
  init(_ mark: String) {
    self.mark = mark
  }

  /// Looks at every process that has a thread in such a network, at some more than once.
  ///
  /// A process that this user may not look at is passed over.
  ///
  /// - Parameters:
  ///   - end: When the look is over at the latest, by `monotonicMicroseconds`.
  ///   - look: What is done with each.
  /// - Returns: Whether none was missed that lives.
  func forEachProcess(until end: Int, _ look: (borrowing HeldProcess) -> Void) -> Bool {
    isSure = true
    let wereAll = forEachNumber(until: end) { number in
      if let process = held(number) { look(process) }
    }
    return wereAll && isSure
  }

  private func held(_ number: pid_t) -> HeldProcess? {
    do throws(SystemError) {
      return try HeldProcess(number) { () throws(SystemError) in
        var found: UInt64?
        for thread in try allNumbers(in: "/proc/\(number)/task") where found == nil {
          found = marked(thread, of: number)
        }
        return found
      }
    } catch {
      note(error)
      return nil
    }
  }

  /// The number of the network that a thread is in, where it has the mark.
  private func marked(_ thread: pid_t, of process: pid_t) -> UInt64? {
    do throws(SystemError) {
      let number = try networkNumber(of: thread, in: process)
      if let earlier = judgement(of: number) { return earlier ? number : nil }
      if judged.count == Self.mostNetworks { throw SystemError(call: "open", number: E2BIG) }
      // The thread may be in another one by now: what is judged is what is held.
      let network = try HeldNetwork(of: process, thread: thread)
      if let earlier = judgement(of: network.number) { return earlier ? network.number : nil }
      let isMarked = try isMarked(network)
      judged.append((network, isMarked))
      return isMarked ? network.number : nil
    } catch {
      note(error)
      return nil
    }
  }

  private func judgement(of number: UInt64) -> Bool? {
    judged.first { $0.network.number == number }?.isMarked
  }

  private func isMarked(_ network: HeldNetwork) throws(SystemError) -> Bool {
    do throws(SystemError) {
      let shared = try SharedNetwork(network)
      return try shared.isMarked(mark)
    } catch {
      if error.number == EPERM { return false }
      // Whatever else it was, this network was not looked at, and its process may be there.
      throw SystemError(call: error.call, number: EIO)
    }
  }

  /// Only who is gone, is a thread or may not be looked at is passed over.
  private func note(_ error: SystemError) {
    if ![ENOENT, ESRCH, EINVAL, EACCES, EPERM].contains(error.number) { isSure = false }
  }
}
