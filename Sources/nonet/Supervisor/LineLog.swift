internal import CLinuxShims

/// The log that grows line by line: each line is one JSON object and one write.
///
/// It never waits: what cannot be written at once stays untold and is tried again, so a reader that is
/// slow or gone stops neither supervisor nor command.
struct LineLog {
  /// So much is written to one file.
  static let mostBytes = 64 << 20

  private let descriptor: CInt
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
    try writeAll(line, to: descriptor)
    written += line.count
  }

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

  func close() { if descriptor > 2 { _ = CLinuxShims.close(descriptor) } }

  /// Writes a line wholly or not at all.
  private mutating func put(_ line: [UInt8]) -> Bool {
    if !isFile {
      // A pipe that is ready takes PIPE_BUF bytes at once, and no line is longer.
      var request = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
      guard poll(&request, 1, 0) == 1 else { return false }
    }
    let count = line.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
    if count == line.count {
      written += count
      return true
    }
    failure = SystemError(call: "write", number: count < 0 ? nonet_errno() : ENOSPC)
    if count > 0 { takeBack(count, line) }
    return false
  }

  /// A full disk took the beginning of a line: half a line would spoil the next one.
  private func takeBack(_ count: Int, _ line: [UInt8]) {
    if isFile {
      let end = lseek(descriptor, 0, SEEK_CUR)
      if end >= count, ftruncate(descriptor, end - count) == 0 { return }
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
