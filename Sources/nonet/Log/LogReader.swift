/// Reads the logs that nonet writes: JSON Lines (`--log`) and documents (`--log-dir`, and the Python
/// wrapper's).
struct LogReader {
  /// The largest log that is read, in bytes: what `--log` writes at most, and some room.
  static let mostBytes = 80 << 20

  /// Why nothing can be told from a log.
  struct LogError: Error {
    let reason: String
  }

  private var log = RunLog()
  /// Attempts in JSON Lines, with repeats as events of their own.
  private var attempts: [(identity: [UInt8], event: LoggedEvent)] = []

  /// What a log tells.
  ///
  /// - Throws: A fault where not one line or document can be read.
  static func read(_ bytes: [UInt8]) throws(LogError) -> RunLog {
    let text = firstInvalidUTF8(in: bytes) == nil ? bytes : repaired(bytes)
    var reader = LogReader()
    if let document = document(text) {
      reader.readDocument(document)
    } else {
      try reader.readLines(text)
    }
    reader.merge()
    return reader.log
  }

  /// The bytes with replacement characters for what is no UTF-8: one name of bytes that are no text
  /// must not hide a whole log.
  private static func repaired(_ bytes: [UInt8]) -> [UInt8] {
    Array(String(decoding: bytes, as: UTF8.self).utf8)
  }

  private static let options = JSONOptions(mostBytes: mostBytes, mostValues: 1 << 24)

  /// The log as one document with its events inside, where it is one.
  private static func document(_ bytes: [UInt8]) -> JSONValue? {
    // Lines end with objects; a document's first line ends within its events.
    let firstLine = bytes.prefix { $0 != 0x0a }
    let lastByte = firstLine.last { $0 != 0x20 && $0 != 0x0d }
    if lastByte == UInt8(ascii: "}"), firstLine.count + 1 < bytes.count { return nil }
    guard let root = value(bytes), root[.events]?.kind == .array else { return nil }
    return root
  }

  private static func value(_ bytes: [UInt8]) -> JSONValue? {
    do throws(JSONError) {
      return try JSONDocument(bytes, options).root
    } catch {
      return nil
    }
  }

  private mutating func readDocument(_ root: JSONValue) {
    var run = LoggedRun(root)
    run.end(root)
    log.runs = [run]
    log.dropped = max(0, root[.dropped]?.integer ?? 0)
    for value in root[.events]?.elements ?? [] { add(value) }
  }

  private mutating func readLines(_ bytes: [UInt8]) throws(LogError) {
    let lines = bytes.split(separator: 0x0a)
    var problem: JSONError?
    for (index, line) in lines.enumerated() where !line.allSatisfy({ $0 == 0x20 || $0 == 0x0d }) {
      do throws(JSONError) {
        let line = try JSONDocument(Array(line), Self.options).root
        if line[.api] != nil {
          add(line)
        } else if line[.eventCount] != nil {
          end(line)
        } else if line[.command] != nil {
          log.runs.append(LoggedRun(line))
        } else {
          log.unreadable += 1
        }
      } catch {
        if problem == nil {
          problem = JSONError(problem: error.problem, offset: line.startIndex + error.offset)
        }
        if index == lines.count - 1, bytes.last != 0x0a {
          log.isTorn = true
        } else {
          log.unreadable += 1
        }
      }
    }
    if log.runs.isEmpty, attempts.isEmpty {
      throw LogError(
        reason: bytes.isEmpty
          ? "it is empty" : problem?.description ?? "no line of it is one of a log of nonet")
    }
  }

  private mutating func end(_ line: JSONValue) {
    log.dropped += max(0, line[.dropped]?.integer ?? 0)
    let pid = line[.pid]?.integer
    // The run that began last among those that have no end yet, unless the line says which.
    let index = log.runs.lastIndex { $0.status == nil && (pid == nil || $0.pid == pid) }
    if let index { log.runs[index].end(line) }
  }

  private mutating func add(_ value: JSONValue) {
    guard var event = LoggedEvent(value) else {
      log.unreadable += 1
      return
    }
    if event.program.name.isEmpty { event.program.name = log.runs.last?.name ?? "" }
    attempts.append((LoggedEvent.identity(value), event))
  }

  /// Puts attempts together that differ in time and count alone.
  private mutating func merge() {
    // By sorting and not by a table: hashing asks for entropy, which an outer sandbox may refuse.
    let order = attempts.indices.sorted { one, other in
      let (a, b) = (attempts[one].identity, attempts[other].identity)
      return a == b ? one < other : a.lexicographicallyPrecedes(b)
    }
    var merged: [(place: Int, event: LoggedEvent)] = []
    var identity: [UInt8]?
    for index in order {
      let next = attempts[index]
      if identity == next.identity, let last = merged.indices.last {
        merged[last].event.absorb(next.event)
      } else {
        merged.append((index, next.event))
        identity = next.identity
      }
    }
    merged.sort { one, other in
      let (a, b) = (one.event.first, other.event.first)
      guard let a, let b, a != b else { return one.place < other.place }
      return a < b
    }
    log.events = merged.map { $0.event }
  }
}
