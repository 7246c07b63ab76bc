import CLinuxShims
import Testing

@testable import nonet

/// What is said of runs whose nonet was killed, by a process that has descriptors and nothing else.
@Suite struct LostRunTests {
  private static let head = LogHead(
    started: Timestamp(microseconds: 1_000_000), process: 7, policy: "default", layers: ["seccomp"],
    command: [Array("true".utf8)], version: "test")

  private static func withFolder(_ test: (String) throws -> Void) throws {
    let folder = try makeFolder(prefix: "/tmp/nonet-lost.")
    defer { _ = rmdir(folder) }
    try test(folder)
  }

  private static func contents(_ path: String) throws -> [UInt8] {
    try Descriptor(reading: path).contents(limit: 1 << 20)
  }

  @Test func aDocumentIsMarkedInItsPlace() throws {
    try Self.withFolder { folder in
      let log = try DocumentLog(folder: Array(folder.utf8), Self.head)
      defer { _ = unlink(log.name) }
      let before = try Self.contents(log.name)
      let file = try Descriptor(reading: log.name)
      // The writer lives: only who knows better may mark it.
      #expect(!LostDocuments.isWithoutWriter(file.number))
      #expect(LostDocuments.mark(in: log.folder).isEmpty)
      #expect(LostDocuments.mark(folder: log.folder.number, name: log.fileName))
      let after = try Self.contents(log.name)
      #expect(after.count == before.count && JSON.isValid(after))
      let run = try LogReader.read(after).runs
      #expect(run.first?.status == "lost" && run.first?.exitCode == nil)
      #expect(!LostDocuments.mark(folder: log.folder.number, name: log.fileName))
    }
  }

  @Test func whatIsNoRunningDocumentStays() throws {
    try Self.withFolder { folder in
      var log = try DocumentLog(folder: Array(folder.utf8), Self.head)
      defer { _ = unlink(log.name) }
      symlink(log.name, "\(folder)/link")
      defer { unlink("\(folder)/link") }
      #expect(!LostDocuments.mark(folder: log.folder.number, name: Array("link".utf8)))
      #expect(!LostDocuments.mark(folder: log.folder.number, name: Array("none".utf8)))
      #expect(!LostDocuments.mark(folder: log.folder.number, name: Array(".".utf8)))
      #expect(!LostDocuments.mark(folder: -1, name: log.fileName))
      log.finish(EventTable(), .exited(0))
      #expect(!LostDocuments.mark(folder: log.folder.number, name: log.fileName))
      #expect(log.failure == nil && !LostDocuments.isWithoutWriter(-1))
    }
  }

  @Test func whatALogOfLinesHasTold() throws {
    try Self.withFolder { folder in
      let path = "\(folder)/log"
      let number = try TrustedPath(Array(path.utf8)).openLog()
      defer {
        close(number)
        unlink(path)
      }
      var (log, table) = (LineLog(number), EventTable())
      func add(_ body: String, at time: Int) {
        let moment = Timestamp(microseconds: time)
        let index = table.add(
          Event(
            Array(body.utf8), nameRange: 0..<0, label: [], isProbe: false, .other, advice: nil,
            at: moment))
        if let index { log.note(index, table, at: moment) }
      }
      add("\"api\":\"one\"", at: 5)
      #expect(log.untold(table) == 1 && log.tell(0, table) && log.untold(table) == 0)
      for time in [9, 12] { add("\"api\":\"one\"", at: time) }
      add("\"api\":\"two\"", at: 13)
      #expect(log.untold(table) == 3 && log.untold(table) { $0.count == 1 } == 1 && !log.hasQueue)
      for index in [0, 1, 0] { log.queue(index) }
      #expect(log.hasQueue)
      log.tellQueue(table)
      #expect(log.untold(table) == 0 && !log.hasQueue && log.tell(0, table))
      let lines = try Self.contents(path).split(separator: 0x0a)
      let texts = lines.map { String(decoding: $0, as: UTF8.self) }
      #expect(
        texts == [
          "{\"timestamp\":\"1970-01-01T00:00:00.000005Z\",\"api\":\"one\",\"count\":1,"
            + "\"last\":\"1970-01-01T00:00:00.000005Z\"}",
          "{\"timestamp\":\"1970-01-01T00:00:00.000009Z\",\"api\":\"one\",\"count\":2,"
            + "\"last\":\"1970-01-01T00:00:00.000012Z\",\"repeated\":true}",
          "{\"timestamp\":\"1970-01-01T00:00:00.000013Z\",\"api\":\"two\",\"count\":1,"
            + "\"last\":\"1970-01-01T00:00:00.000013Z\"}",
        ])
    }
  }

  @Test func aLogOfLinesGetsALastLine() throws {
    try Self.withFolder { folder in
      let path = "\(folder)/log"
      let number = try TrustedPath(Array(path.utf8)).openLog()
      defer {
        close(number)
        unlink(path)
      }
      var log = LineLog(number)
      try log.begin(Self.head)
      // Another run in the same log, which is not the one that was lost.
      var other = LineLog(number)
      try other.begin(
        LogHead(
          started: .now, process: 8, policy: "default", layers: [], command: [], version: "test"))
      #expect(LineLog.appendLost(number, of: 7))
      let runs = try LogReader.read(try Self.contents(path)).runs
      #expect(runs.map { $0.status } == ["lost", nil] && runs[0].exitCode == nil)
      #expect(runs[0].ended != nil)
    }
    #expect(!LineLog.appendLost(-1, of: 7))
    var ends: [CInt] = [0, 0]
    pipe(&ends)
    #expect(!LineLog.appendLost(ends[1], of: 7))
    close(ends[0])
    close(ends[1])
  }
}
