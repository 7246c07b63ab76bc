import Glibc
import Synchronization

/// What `make fuzz` asks for, and the work, shared by as many tasks as there are cores.
///
/// The work comes in parts of `casesPerPart` cases. A run of so many cases stays with one seed; a
/// run of so many minutes takes the next seed for each part, so that it never repeats itself.
final class LongRun: Sendable {
  /// The seed of the first part.
  let seed: UInt64
  private let amount: Amount
  private let casesPerPart: Int
  private let begin = ContinuousClock.now
  private let starter = getppid()
  private let nextPart = Atomic(0)
  private let progress: Mutex<Progress>

  private enum Amount {
    case cases(Int)
    case minutes(Int)
    case only(Int)
  }

  private struct Progress {
    var tally = WitnessTally()
    var parts = 0
    var lastReport = ContinuousClock.now
  }

  /// Nil where the environment asks for no long run.
  init?(casesPerPart: Int = 1000) {
    if let only = Self.number("NONET_FUZZ_CASE") {
      amount = .only(only)
    } else if let minutes = Self.number("NONET_FUZZ_MINUTES") {
      amount = .minutes(minutes)
    } else if let cases = Self.number("NONET_FUZZ_CASES") {
      amount = .cases(cases)
    } else {
      return nil
    }
    self.casesPerPart = casesPerPart
    seed = Seeded(1).seed
    progress = Mutex(Progress())
  }

  /// Whether it is one case had again, which may be none of the kernel's.
  var isOneCase: Bool {
    if case .only = amount { true } else { false }
  }

  private static func number(_ name: String) -> Int? {
    guard let text = getenv(name).map({ String(cString: $0) }) else { return nil }
    guard let number = Int(text), number >= 0 else { fatalError("\(name)=\(text) is no number") }
    return number
  }

  /// Does all of it.
  ///
  /// - Parameter body: Runs one case: a seed, an index, and where the results go.
  /// - Returns: The sum, and what it was the sum of.
  func run(
    _ body: @escaping @Sendable (UInt64, Int, inout WitnessTally) -> Void
  ) async -> (tally: WitnessTally, parts: Int) {
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) {
        group.addTask { while let cases = self.takePart() { self.work(cases, body) } }
      }
    }
    return progress.withLock { ($0.tally, $0.parts) }
  }

  /// A seed and the indices of the cases to run with it; nil when the work is done.
  private func takePart() -> (seed: UInt64, indices: Range<Int>)? {
    let part = nextPart.add(1, ordering: .relaxed).oldValue
    // Nobody reads the result of a run whose starter is gone.
    guard getppid() == starter else { return nil }
    switch amount {
    case .only(let index):
      return part == 0 ? (seed, index..<index + 1) : nil
    case .cases(let count):
      let first = part * casesPerPart
      return first < count ? (seed, first..<min(count, first + casesPerPart)) : nil
    case .minutes(let minutes):
      let isOver = ContinuousClock.now - begin >= .seconds(60 * minutes)
      return isOver ? nil : (seed &+ UInt64(part), 0..<casesPerPart)
    }
  }

  private func work(
    _ cases: (seed: UInt64, indices: Range<Int>),
    _ body: (UInt64, Int, inout WitnessTally) -> Void
  ) {
    var tally = WitnessTally()
    for index in cases.indices { body(cases.seed, index, &tally) }
    for fault in tally.faults { say(fault) }
    progress.withLock { progress in
      progress.tally += tally
      progress.parts += 1
      let now = ContinuousClock.now
      guard now - progress.lastReport >= .seconds(60) else { return }
      progress.lastReport = now
      say("after \((now - begin).components.seconds / 60) min, seed \(cases.seed):")
      say(progress.tally.description)
    }
  }

  /// Prints at once, for those who watch.
  private func say(_ text: String) {
    print(text)
    fflush(nil)
  }
}
