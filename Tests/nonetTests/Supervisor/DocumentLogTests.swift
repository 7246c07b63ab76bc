import CLinuxShims
import Testing

@testable import nonet

/// The document is read after every single write: what a process that is killed there leaves behind.
@Suite struct DocumentLogTests {
  private static func head(_ command: String) -> LogHead {
    LogHead(
      started: Timestamp(microseconds: 1_000_000), process: 7, policy: "default",
      layers: ["seccomp"],
      command: [Array(command.utf8)], version: "test")
  }

  private static func contents(_ path: String) -> [UInt8] {
    do throws(SystemError) {
      return try Descriptor(reading: path).contents(limit: 1 << 24)
    } catch {
      return []
    }
  }

  private static func add(_ table: inout EventTable, _ number: Int, size: Int) -> Int? {
    let body = "\"pid\":\(number),\"exe\":\"" + String(repeating: "x", count: size) + "\""
    return table.add(
      Event(
        Array(body.utf8), nameRange: 0..<0, label: [], isProbe: false, .other, advice: nil,
        at: Timestamp(microseconds: 5)))
  }

  private static func withFolder(_ test: (String) throws -> Void) throws {
    let folder = try makeFolder(prefix: "/tmp/nonet-document.")
    defer { _ = rmdir(folder) }
    try test(folder)
  }

  /// Sizes that fill pages to the last byte, nearly, and not at all.
  @Test(arguments: [0, 1950, 3700])
  func completeAfterEveryWrite(size: Int) throws {
    try Self.withFolder { folder in
      var table = EventTable()
      var log = try DocumentLog(folder: Array(folder.utf8), Self.head("a\n\"\\\u{1b}é"))
      defer { _ = unlink(log.name) }
      func check(_ count: Int) {
        let bytes = Self.contents(log.name)
        #expect(JSON.isValid(bytes))
        // A line for the head, one for each event and one for the end.
        #expect(bytes.reduce(0) { $0 + ($1 == 0x0a ? 1 : 0) } == count + 2)
      }
      check(0)
      for number in 0..<20 {
        guard let index = Self.add(&table, number, size: size + number % 7) else { break }
        log.note(index, table)
        check(number + 1)
        table.repeated(number / 2, at: Timestamp(microseconds: 1_798_761_599_000_000))
        log.queue(number / 2)
        log.refreshQueue(table)
        log.refreshSums(table)
        check(number + 1)
      }
      let count = table.events.count
      let before = Self.contents(log.name).count
      log.finish(table, .killed(9))
      let bytes = Self.contents(log.name)
      check(count)
      #expect(bytes.count < before && log.failure == nil)
      let tail = "\"status\":\"killed\"  ,\"exit_code\":  137}\n"
      #expect(bytes.suffix(tail.utf8.count).elementsEqual(tail.utf8))
    }
  }

  /// No event crosses a page, so that one write of it is not interrupted.
  @Test func eventsStayInOnePage() throws {
    try Self.withFolder { folder in
      var table = EventTable()
      var log = try DocumentLog(folder: Array(folder.utf8), Self.head("true"))
      defer { _ = unlink(log.name) }
      for number in 0..<200 {
        guard let index = Self.add(&table, number, size: 37 * (number % 97)) else { break }
        log.note(index, table)
      }
      for (index, event) in table.events.enumerated() {
        // Two bytes and a timestamp come before the body, count and last moment after it.
        let place = log.place(of: index)
        let end = place + 58
        let start = place - event.body.count - 45
        #expect(place > 0 && start / DocumentLog.page == end / DocumentLog.page)
      }
      log.finish(table, .exited(0))
    }
  }
}

/// Just enough of RFC 8259 to say whether bytes are one JSON text.
enum JSON {
  static func isValid(_ bytes: [UInt8]) -> Bool {
    var reader = Reader(bytes: bytes)
    return reader.value() && reader.isAtEnd
  }

  private struct Reader {
    let bytes: [UInt8]
    var next = 0

    var isAtEnd: Bool { bytes[next...].allSatisfy { $0 == 0x20 || $0 == 0x0a } }

    mutating func value() -> Bool {
      switch peek() {
      case UInt8(ascii: "{"): return sequence(UInt8(ascii: "}"), isObject: true)
      case UInt8(ascii: "["): return sequence(UInt8(ascii: "]"), isObject: false)
      case UInt8(ascii: "\""): return string()
      case _:
        let start = next
        while next < bytes.count, !" \n,]}".utf8.contains(bytes[next]) { next += 1 }
        let word = String(decoding: bytes[start..<next], as: UTF8.self)
        return ["true", "false", "null"].contains(word) || Double(word) != nil
      }
    }

    private mutating func peek() -> UInt8? {
      while next < bytes.count, bytes[next] == 0x20 || bytes[next] == 0x0a { next += 1 }
      return next < bytes.count ? bytes[next] : nil
    }

    private mutating func take(_ byte: UInt8) -> Bool {
      guard peek() == byte else { return false }
      next += 1
      return true
    }

    private mutating func sequence(_ end: UInt8, isObject: Bool) -> Bool {
      next += 1
      if take(end) { return true }
      repeat {
        if isObject {
          guard peek() == UInt8(ascii: "\""), string(), take(UInt8(ascii: ":")) else {
            return false
          }
        }
        guard value() else { return false }
      } while take(UInt8(ascii: ","))
      return take(end)
    }

    private mutating func string() -> Bool {
      next += 1
      while next < bytes.count, bytes[next] >= 0x20 {
        if bytes[next] == UInt8(ascii: "\"") {
          next += 1
          return true
        }
        if bytes[next] == UInt8(ascii: "\\") {
          next += 1
          guard next < bytes.count, "\"\\/bfnrtu".utf8.contains(bytes[next]) else { return false }
        }
        next += 1
      }
      return false
    }
  }
}
