/// The log that grows line by line: each line is one JSON object and one write.
///
/// It never waits: what cannot be written at once stays untold and is tried again, so a reader that is
/// slow or gone, a full disk or a limit on the size of files stops neither supervisor nor command. The
/// signals that would (SIGPIPE, SIGXFSZ) are blocked by the thread that writes.
struct LineLog {
  /// So much is written to one file.
  static let mostBytes = 64 << 20
  /// So much, until repeats that are apart no longer get lines of their own.
  static let mostBytesByMoment = 48 << 20

  /// Where it is written.
  let descriptor: CInt
  private let isFile: Bool
  private var written = 0
  private(set) var failure: SystemError?
  private(set) var isFull = false
  /// Attempts that have lines and no event in the table.
  private(set) var toldAlone: UInt64 = 0
  /// Those of them that count as such in the words for people.
  private(set) var attemptsToldAlone: UInt64 = 0
  /// One for each event of the table, in its order.
  private var cursors: [Cursor] = []
  /// Events that the log comes back to, by their indexes in the table.
  private var queue: [Int] = []

  /// How much of one event the log has told.
  private struct Cursor {
    var told: UInt64 = 0
    /// When the first attempt was made that is not told.
    var since: Timestamp
    var isQueued = false
  }

  /// - Parameter descriptor: Open for appending; stays the caller's to close.
  init(_ descriptor: CInt) {
    self.descriptor = descriptor
    isFile = sizeOfRegularFile(descriptor) != nil
  }

  /// Writes the first line.
  ///
  /// - Throws: The errno of write(2); a log that cannot begin is not begun.
  mutating func begin(_ head: LogHead) throws(SystemError) {
    let line = Self.first(head)
    // A FIFO or a pipe may be full of other lines, and is waited for until it is read.
    if isFile {
      guard put(line) else { throw failure ?? SystemError(call: "write", number: ENOSPC) }
      return
    }
    try writeAll(line, to: descriptor)
    written += line.count
  }

  /// Whether there is room to tell attempts of different moments apart.
  var tellsMoments: Bool { written < Self.mostBytesByMoment }
  /// Notes an attempt that the table has just counted.
  ///
  /// - Parameters:
  ///   - index: The event.
  ///   - table: The events.
  ///   - moment: When the attempt was made.
  mutating func note(_ index: Int, _ table: EventTable, at moment: Timestamp) {
    while cursors.count <= index { cursors.append(Cursor(since: moment)) }
    if cursors[index].told + 1 == table.events[index].count { cursors[index].since = moment }
  }

  /// Whether the log comes back to some event.
  var hasQueue: Bool { !queue.isEmpty }

  /// Comes back to an event later.
  mutating func queue(_ index: Int) {
    if cursors[index].isQueued { return }
    cursors[index].isQueued = true
    queue.append(index)
  }

  /// Tells what is untold about an event.
  ///
  /// - Returns: Whether all of it is told now.
  @discardableResult
  mutating func tell(_ index: Int, _ table: EventTable) -> Bool {
    let (event, cursor) = (table.events[index], cursors[index])
    guard event.count > cursor.told else { return true }
    let line = Self.line(
      event, event.count - cursor.told, since: cursor.since, isRepeated: cursor.told > 0)
    guard putEvent(line) else { return false }
    cursors[index].told = event.count
    return true
  }

  /// Tells an attempt that is in no table, now or never.
  mutating func tellAlone(_ event: Event) {
    guard putEvent(Self.line(event, 1, since: event.first)) else { return }
    toldAlone += 1
    if !event.isProbe { attemptsToldAlone += 1 }
  }

  private mutating func putEvent(_ line: [UInt8]) -> Bool {
    if written + line.count > Self.mostBytes { isFull = true }
    return !isFull && put(line)
  }

  /// Tells what is untold about the events that it was to come back to.
  mutating func tellQueue(_ table: EventTable) {
    let queued = queue
    queue = []
    var isStopped = false
    for index in queued {
      // What does not take one line does not take the next one either.
      if !isStopped { isStopped = !tell(index, table) }
      if table.events[index].count > cursors[index].told {
        queue.append(index)
      } else {
        cursors[index].isQueued = false
      }
    }
  }

  /// How many attempts no line tells, of the events that count.
  func untold(_ table: EventTable, where counts: (Event) -> Bool = { _ in true }) -> UInt64 {
    zip(table.events, cursors).reduce(0) { $0 + (counts($1.0) ? $1.0.count - $1.1.told : 0) }
  }

  /// Writes the last line.
  mutating func end(eventCount: UInt64, attempts: UInt64, dropped: UInt64, _ ending: Ending) {
    _ = put(Self.last(eventCount: eventCount, attempts: attempts, dropped: dropped, ending))
  }

  /// The log's descriptor where it is a regular file; nobody waits for the end of that.
  var file: CInt? { isFile ? descriptor : nil }

  func close() { if descriptor > 2 { closeQuietly(descriptor) } }

  /// Writes a last line for a supervisor that was killed and will not write one.
  ///
  /// How many attempts there were is not known, nor how the command ends. Where another process holds
  /// the log's descriptor still, the line is right nevertheless: it names the run.
  ///
  /// - Parameters:
  ///   - descriptor: The log, open for appending.
  ///   - process: The supervisor, as the first line has it.
  /// - Returns: Whether the line was written; `false` for what is no regular file.
  static func appendLost(_ descriptor: CInt, of process: CInt) -> Bool {
    var log = LineLog(descriptor)
    guard log.isFile else { return false }
    var line: [UInt8] = [UInt8(ascii: "{")]
    line.member(.timestamp, Timestamp.now, isFirst: true)
    line.member(.pid, process)
    line.member(.eventCount, nil)
    line.member(.attempts, nil)
    line.member(.dropped, nil)
    line.member(.status, plain: Ending.lost.status)
    line.member(.exitCode, nil)
    return log.put(line + Array("}\n".utf8))
  }

  /// Writes a line wholly or not at all.
  private mutating func put(_ line: [UInt8]) -> Bool {
    // No line is longer than PIPE_BUF.
    guard isFile || canWrite(to: descriptor) else { return false }
    var count = 0
    do throws(SystemError) {
      count = try writeOnce(line[...], to: descriptor)
      // A full disk or a limit took the beginning of it; the rest tells why.
      if isFile, count > 0, count < line.count {
        count += try writeOnce(line[count...], to: descriptor)
      }
    } catch {
      // A pipe that is full after all only means later. EPIPE says that its reader has left, EFBIG and
      // ENOSPC that a file cannot grow.
      if error.number != EAGAIN { failure = error }
    }
    if count == line.count {
      written += count
      return true
    }
    if count > 0 { takeBack(count) }
    return false
  }

  /// Half a line would spoil the next one.
  private func takeBack(_ count: Int) {
    if isFile, cutEnd(count, of: descriptor) { return }
    do throws(SystemError) {
      try writeAll([UInt8(ascii: "\n")], to: descriptor)
    } catch {}
  }
}

extension LineLog {
  fileprivate static func first(_ head: LogHead) -> [UInt8] {
    [UInt8(ascii: "{")] + head.members + Array("}\n".utf8)
  }

  fileprivate static func line(
    _ event: Event, _ count: UInt64, since moment: Timestamp, isRepeated: Bool = false
  ) -> [UInt8] {
    var line = event.json(since: moment)
    line.member(.count, count)
    line.member(.last, event.last)
    if isRepeated { line.member(.repeated, literal: "true") }
    return line + Array("}\n".utf8)
  }

  fileprivate static func last(
    eventCount: UInt64, attempts: UInt64, dropped: UInt64, _ ending: Ending
  ) -> [UInt8] {
    var line: [UInt8] = [UInt8(ascii: "{")]
    line.member(.timestamp, Timestamp.now, isFirst: true)
    line.member(.eventCount, eventCount)
    line.member(.attempts, attempts)
    line.member(.dropped, dropped)
    line.member(.status, plain: ending.status)
    line.member(.exitCode, ending.exitCode)
    return line + Array("}\n".utf8)
  }
}
