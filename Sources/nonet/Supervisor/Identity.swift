/// Who makes a call.
struct Identity: Equatable {
  var process: pid_t
  var name: [UInt8] = []
  /// The path of its program, as the kernel shows it; empty where it shows none.
  var program: [UInt8] = []
  /// Whether the thread has mounts of its own, where a file may be given any path.
  var hasForeignMounts = false
}

/// Who the threads are that try something, asked anew each time over files that are kept open.
///
/// A kept file belongs to the very thread for which it was opened. A name or program that changed
/// since, by prctl(2) or execve(2), is seen, because both are read at each attempt; but for one that
/// comes so soon after the thread's last answer that no execve(2) can lie between.
struct Identities {
  private var slots: [Slot] = []
  private var surroundings: Surroundings?
  // TASK_COMM_LEN and the newline that /proc adds.
  private var nameBytes = [UInt8](repeating: 0, count: 17)
  private var programBytes = [UInt8](repeating: 0, count: Identities.longestProgram)

  /// A longer path is cut here.
  static let longestProgram = 400
  /// In microseconds: execve(2) of a program of a few instructions was measured at more than three
  /// times as long.
  private static let shorterThanExecution: ClosedRange<Int> = 0...15
  /// Attempts that a thread makes in turn are told apart without writing them out.
  static let recentCount = 4

  /// One thread: its files, and what it did a moment ago.
  final class Thread {
    let files: ThreadFiles
    var identity: Identity
    var recent: [Recent] = []
    var nextRecent = 0
    /// When the last attempt was answered.
    var answered = Timestamp(microseconds: 0)

    init(files: consuming ThreadFiles, identity: Identity) {
      self.files = files
      self.identity = identity
    }
  }

  /// An attempt and the event that counts it.
  struct Recent {
    let call: Call
    let evidence: Evidence
    let peer: NetworkPeer?
    let verdict: Outcome
    let event: Int
  }

  private struct Slot {
    var number: pid_t = 0
    var thread: Thread?
  }

  /// What is asked once, and not before there is an attempt: a start must not take longer for it.
  private struct Surroundings {
    /// Where /proc has other numbers than this process sees, nobody is named rather than somebody else.
    let canName = ProcMount.here == .ours
    let ownMounts = ThreadFiles.ownMounts()
    /// How many threads are kept in mind at most; each takes a descriptor.
    let mostSlots = Identities.count(descriptors: raiseDescriptorLimit())
  }

  /// How many threads there is room for: at most 16384, and some descriptors for all else.
  static func count(descriptors: Int) -> Int {
    var count = 16384
    while count > 8, count + 64 > descriptors { count /= 2 }
    return count
  }

  /// The thread of that number, with its name and program of now.
  ///
  /// - Parameters:
  ///   - number: The thread, which waits for an answer.
  ///   - moment: When that was seen.
  /// - Returns: `nil` where nothing can be known about it.
  mutating func thread(_ number: pid_t, at moment: Timestamp) -> Thread? {
    let surroundings = surroundings ?? Surroundings()
    self.surroundings = surroundings
    guard surroundings.canName else { return nil }
    if slots.isEmpty {
      slots = [Slot](repeating: Slot(), count: min(64, surroundings.mostSlots))
    }
    var place = place(of: number)
    if slots[place].number == number, let known = slots[place].thread {
      let since = moment.microseconds - known.answered.microseconds
      if Self.shorterThanExecution.contains(since) || refresh(known) { return known }
    } else if slots[place].thread != nil, slots.count < surroundings.mostSlots {
      grow()
      place = self.place(of: number)
    }
    slots[place] = Slot()
    guard let thread = open(number), refresh(thread) else { return nil }
    slots[place] = Slot(number: number, thread: thread)
    return thread
  }

  /// Threads that are made together have numbers in a row, hence places of their own.
  private func place(of number: pid_t) -> Int { Int(number) & (slots.count - 1) }

  /// Twice as many places; each thread has one of the two that its old one became.
  private mutating func grow() {
    let before = slots
    slots = [Slot](repeating: Slot(), count: 2 * before.count)
    for slot in before where slot.thread != nil { slots[place(of: slot.number)] = slot }
  }

  private mutating func open(_ number: pid_t) -> Thread? {
    for _ in 0..<2 {
      do throws(SystemError) {
        let files = try ThreadFiles(of: number)
        guard let process = files.process() else { return nil }
        return Thread(files: files, identity: Identity(process: process))
      } catch {
        guard error.number == EMFILE || error.number == ENFILE else { return nil }
        for index in slots.indices { slots[index] = Slot() }
      }
    }
    return nil
  }

  /// Reads name and program again.
  ///
  /// - Returns: Whether the thread is still there.
  private mutating func refresh(_ thread: Thread) -> Bool {
    let nameCount = nameBytes.withUnsafeMutableBytes { thread.files.readName(into: $0) }
    guard var nameCount else { return false }
    if nameCount > 0, nameBytes[nameCount - 1] == UInt8(ascii: "\n") { nameCount -= 1 }
    let programCount =
      programBytes.withUnsafeMutableBytes { thread.files.readProgram(into: $0) } ?? 0
    let isSame =
      thread.identity.name.elementsEqual(nameBytes[..<nameCount])
      && thread.identity.program.elementsEqual(programBytes[..<programCount])
    if isSame { return true }
    thread.identity.name = Array(nameBytes[..<nameCount])
    thread.identity.program = Array(programBytes[..<programCount])
    if let own = surroundings?.ownMounts, let mounts = thread.files.mounts() {
      thread.identity.hasForeignMounts = mounts != own
    }
    thread.recent = []
    return true
  }
}
