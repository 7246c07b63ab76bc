internal import CLinuxShims

/// The log that grows line by line: each line is one JSON object and one write.
///
/// It never waits: what cannot be written at once stays untold and is tried again, so a reader that is
/// slow or gone, a full disk or a limit on the size of files stops neither supervisor nor command. The
/// signals that would (SIGPIPE, SIGXFSZ) are blocked by whoever writes.
struct LineLog {
  /// So much is written to one file.
  static let mostBytes = 64 << 20
  /// So much, until repeats that are apart no longer get lines of their own.
  static let mostBytesByMoment = 16 << 20

  /// Where it is written.
  let descriptor: CInt
  private let isFile: Bool
  private var written = 0
  private(set) var failure: SystemError?
  private(set) var isFull = false

  /// - Parameter descriptor: Open for appending; stays the caller's to close.
  init(_ descriptor: CInt) {
    self.descriptor = descriptor
    var status = stat()
    isFile = fstat(descriptor, &status) == 0 && status.st_mode & mode_t(S_IFMT) == mode_t(S_IFREG)
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

  /// Tells what is untold about an event.
  ///
  /// - Returns: Whether it is told now.
  mutating func tell(_ event: Event) -> Bool {
    guard event.untold > 0 else { return true }
    let line = Self.line(
      event, event.untold, since: event.untoldSince, isRepeated: event.isTold)
    if written + line.count > Self.mostBytes {
      isFull = true
      return false
    }
    return put(line)
  }

  /// Writes the last line.
  mutating func end(eventCount: UInt64, dropped: UInt64, _ ending: Ending) {
    _ = put(Self.last(eventCount: eventCount, dropped: dropped, ending))
  }

  /// The log's descriptor where it is a regular file; nobody waits for the end of that.
  var file: CInt? { isFile ? descriptor : nil }

  func close() { if descriptor > 2 { _ = CLinuxShims.close(descriptor) } }

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
    line.member("timestamp", plain: String(decoding: Moment.now.text, as: UTF8.self), isFirst: true)
    line.member("pid", process)
    line += Array(",\"event_count\":null,\"dropped\":null,\"status\":\"lost\"".utf8)
    return log.put(line + Array(",\"exit_code\":null}\n".utf8))
  }

  /// Writes a line wholly or not at all.
  private mutating func put(_ line: [UInt8]) -> Bool {
    if !isFile {
      // A pipe that is ready takes PIPE_BUF bytes at once, and no line is longer.
      var request = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
      guard poll(&request, 1, 0) == 1 else { return false }
    }
    var count = Self.write(line[...], to: descriptor)
    // A full disk or a limit took the beginning of it; the rest tells why.
    if isFile, count > 0, count < line.count {
      let more = Self.write(line[count...], to: descriptor)
      if more < 0 { note(nonet_errno()) } else { count += more }
    } else if count < 0 {
      note(nonet_errno())
    }
    if count == line.count {
      written += count
      return true
    }
    if count > 0 { takeBack(count) }
    return false
  }

  private static func write(_ bytes: ArraySlice<UInt8>, to descriptor: CInt) -> Int {
    bytes.withUnsafeBytes { CLinuxShims.write(descriptor, $0.baseAddress, $0.count) }
  }

  /// Notes why a line was not written.
  ///
  /// That is EPIPE where a pipe's reader has left, EFBIG and ENOSPC where a file cannot grow. A pipe that
  /// is full after all, and a signal, only mean later.
  private mutating func note(_ number: CInt) {
    if number == EAGAIN || number == EINTR { return }
    failure = SystemError(call: "write", number: number)
  }

  /// Half a line would spoil the next one.
  private func takeBack(_ count: Int) {
    if isFile {
      var status = stat()
      let end = lseek(descriptor, 0, SEEK_CUR)
      // Nobody else has written behind it: runs may share a log.
      if end >= count, fstat(descriptor, &status) == 0, status.st_size == end,
        ftruncate(descriptor, end - count) == 0
      {
        return
      }
    }
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
    _ event: Event, _ count: UInt64, since moment: Moment, isRepeated: Bool = false
  ) -> [UInt8] {
    var line = event.json(since: moment)
    line.member("count", count)
    line.member("last", plain: String(decoding: event.last.text, as: UTF8.self))
    if isRepeated { line += Array(",\"repeated\":true".utf8) }
    return line + Array("}\n".utf8)
  }

  fileprivate static func last(
    eventCount: UInt64, dropped: UInt64, _ ending: Ending
  ) -> [UInt8] {
    var line: [UInt8] = [UInt8(ascii: "{")]
    line.member("timestamp", plain: String(decoding: Moment.now.text, as: UTF8.self), isFirst: true)
    line.member("event_count", eventCount)
    line.member("dropped", dropped)
    line.member("status", plain: ending.status)
    line.key("exit_code")
    line.append(text: ending.exitCode.map { "\($0)" } ?? "null")
    return line + Array("}\n".utf8)
  }
}

extension EventTable {
  /// What a line log of the whole run would have been, with each event on one line.
  func log(_ head: LogHead, _ ending: Ending) -> [UInt8] {
    var log = LineLog.first(head)
    for event in events { log += LineLog.line(event, event.count, since: event.first) }
    return log + LineLog.last(eventCount: total, dropped: dropped, ending)
  }
}
