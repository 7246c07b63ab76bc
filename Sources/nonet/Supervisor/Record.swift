internal import BPFAssembler

/// The events of a run and the logs that tell them.
struct Record {
  private(set) var table = EventTable()
  private(set) var lines: LineLog?
  private(set) var document: DocumentLog?
  private var names: SocketNames?
  private let complain: (String) -> Void
  /// Tells a person what was tried, in a run that may be waiting for it for ever.
  private let tell: ((Summary) -> Void)?
  private var hasWarned = false
  /// When a log has to come back to what it could not tell at once.
  private var linesDue: Timestamp?
  private var documentDue: Timestamp?
  /// When that is told, unless there is another attempt before; and whether it was.
  private var silenceDue: Timestamp?
  private var hasTold = false

  private static let lineInterval = 1_000_000
  /// With less than this in between, repeats share a line: 0.1 ms, so that two tests of a quick suite
  /// do not.
  private static let gap = 100
  private static let documentInterval = 100_000
  /// So many milliseconds a run is silent that is told of, and up to half as many more.
  private static let silence: CInt = 4000

  /// Begins with no event.
  ///
  /// - Parameters:
  ///   - lines: The log of lines, where one is wanted.
  ///   - document: The document, where one is wanted.
  ///   - complain: Tells a person of earlier runs that were lost and, at most once, that a log cannot
  ///     be written.
  ///   - tell: Tells, at most once, what a run has tried that does nothing more for some seconds.
  init(
    lines: LineLog?, document: DocumentLog?, complain: @escaping (String) -> Void,
    tell: ((Summary) -> Void)? = nil
  ) {
    self.lines = lines
    self.document = document
    self.complain = complain
    self.tell = tell
    for name in document?.lost ?? [] {
      complain(
        "the run of \(String(decoding: safe(name), as: UTF8.self)) was lost: its nonet was killed")
    }
  }

  /// How long poll(2) may wait, in milliseconds.
  var timeout: CInt {
    // A worker that answers wakes nobody, so whether a run is silent is asked now and then.
    let look: CInt = tell != nil && !hasTold ? Self.silence / 2 : -1
    guard let some = linesDue ?? documentDue ?? silenceDue else { return look }
    let due = min(some, documentDue ?? some, silenceDue ?? some)
    let left = due.milliseconds(after: .now)
    return look < 0 ? left : min(left, look)
  }

  /// Counts an attempt and tells the logs.
  mutating func add(_ attempt: Attempt, by thread: Identities.Thread?) {
    let now = Timestamp.now
    thread?.answered = now
    if let thread, let index = thread.event(of: attempt) {
      countAgain(index, attempt.moment, at: now)
    } else {
      addNew(attempt, by: thread, at: now)
    }
    if tell != nil, !hasTold, table.attempts > 0 {
      silenceDue = now.later(1000 * Int(Self.silence))
    }
    if let due = documentDue, due <= now { bringUpToDate(at: now) }
    if let due = linesDue, due <= now { bringUpToDate(at: now) }
  }

  private mutating func addNew(
    _ attempt: Attempt, by thread: Identities.Thread?, at now: Timestamp
  ) {
    let isProbe = attempt.isProbe || attempt.evidence.asksNameService
    let names = names ?? SocketNames()
    self.names = names
    let (body, nameRange, label) = attempt.text(isProbe: isProbe, by: thread?.identity, names)
    if let index = table.index(of: body) {
      thread?.remember(attempt, event: index)
      countAgain(index, attempt.moment, at: now)
      return
    }
    let event = Event(
      body, nameRange: nameRange, label: label, isProbe: isProbe, attempt.weight,
      advice: attempt.advice?.words, at: attempt.moment)
    guard let index = table.add(event) else {
      tellAlone(event, at: now)
      return
    }
    thread?.remember(attempt, event: index)
    if document != nil {
      document?.note(index, table)
      queueForDocument(at: now)
    }
    lines?.note(index, table, at: attempt.moment)
    if lines?.tellsMoments ?? false { lines?.tellQueue(table) }
    if !(lines?.tell(index, table) ?? true) { queueForLines(index, at: now) }
    warn()
  }

  /// Tells an attempt for which the table had no room: the lines can have it still, the document only counts it.
  private mutating func tellAlone(_ event: Event, at now: Timestamp) {
    if lines?.tellsMoments ?? false { lines?.tellQueue(table) }
    lines?.tellAlone(event)
    if document != nil { queueForDocument(at: now) }
    warn()
  }

  /// Counts one more attempt of a known kind.
  ///
  /// Where it is apart from the last one it gets a line of its own. What happened before a line stands
  /// before it.
  private mutating func countAgain(_ index: Int, _ moment: Timestamp, at now: Timestamp) {
    let tellsMoments = lines?.tellsMoments ?? false
    let isApart = tellsMoments && moment >= table.events[index].last.later(Self.gap)
    if isApart { lines?.tellQueue(table) }
    table.repeated(index, at: moment)
    lines?.note(index, table, at: moment)
    if isApart { lines?.tell(index, table) }
    queue(index, at: now)
  }

  /// Brings the logs up to date where that is due.
  mutating func bringUpToDate(at now: Timestamp) {
    if let due = linesDue, due <= now {
      linesDue = nil
      lines?.tellQueue(table)
      if lines?.hasQueue ?? false { linesDue = now.later(Self.lineInterval) }
    }
    if let due = documentDue, due <= now {
      documentDue = nil
      refreshDocument()
    }
    if let due = silenceDue, due <= now {
      (silenceDue, hasTold) = (nil, true)
      tell?(Summary(table))
    }
    warn()
  }

  /// Writes the end of the logs.
  mutating func finish(_ ending: Ending) {
    for _ in 0..<20 {
      lines?.tellQueue(table)
      // A slow reader gets a moment, not more.
      guard let lines, lines.hasQueue, !lines.isFull, lines.failure == nil else { break }
      sleepMicroseconds(10_000)
    }
    refreshDocument()
    if let lines {
      self.lines?.end(
        eventCount: table.total, attempts: table.attempts,
        dropped: table.dropped - lines.toldAlone + lines.untold(table), ending)
    }
    document?.finish(table, ending)
    warn()
  }

  /// What a second holder needs to tell that this process was killed.
  var lostLogs: LostLogs {
    LostLogs(
      process: OwnProcess.number, lines: lines?.file,
      document: document.map { ($0.folder.number, $0.fileName) })
  }

  /// Closes the logs' files, so that a process that goes on without them does not hold them open.
  func close() {
    lines?.close()
    document?.close()
  }

  /// What the log tells of the run's attempts, once it has ended: the document, or else the lines.
  var kept: Kept {
    if let document {
      return Kept(
        isFull: false, untold: document.untold(table) { !$0.isProbe },
        dropped: table.droppedAttempts, failed: document.failure != nil)
    }
    return Kept(
      isFull: lines?.isFull ?? false, untold: lines?.untold(table) { !$0.isProbe } ?? 0,
      dropped: table.droppedAttempts - (lines?.attemptsToldAlone ?? 0),
      failed: lines?.failure != nil)
  }

  private mutating func queue(_ index: Int, at now: Timestamp) {
    if lines != nil { queueForLines(index, at: now) }
    if document != nil {
      document?.queue(index)
      queueForDocument(at: now)
    }
  }

  private mutating func queueForLines(_ index: Int, at now: Timestamp) {
    lines?.queue(index)
    if linesDue == nil { linesDue = now.later(Self.lineInterval) }
  }

  private mutating func queueForDocument(at now: Timestamp) {
    if documentDue == nil { documentDue = now.later(Self.documentInterval) }
  }

  private mutating func refreshDocument() {
    document?.refreshQueue(table)
    document?.refreshSums(table)
  }

  /// Says once that a log cannot be written; confinement and command do not depend on it.
  private mutating func warn() {
    guard !hasWarned, let failure = lines?.failure ?? document?.failure else { return }
    hasWarned = true
    complain(
      "the log cannot be written (\(failure.call): \(failure.reason)); the command stays "
        + "confined and goes on")
  }
}

extension Timestamp {
  /// The present.
  static var now: Timestamp { Timestamp(microseconds: currentMicroseconds()) }
}
