import Glibc
import Testing

@testable import nonet

@Suite struct LogReaderTests {
  private func read(_ text: String) throws -> RunLog { try LogReader.read(Array(text.utf8)) }

  /// A file of Fixtures/logs.
  private func fixture(_ name: String) throws -> [UInt8] {
    let folder = #filePath.split(separator: "/").dropLast(4).joined(separator: "/")
    return try Descriptor(reading: "/\(folder)/Fixtures/logs/\(name)").contents(limit: 1 << 20)
  }

  @Test func repeatsBecomeOneEvent() throws {
    let log = try LogReader.read(try fixture("three.jsonl"))
    #expect(log.events.map { $0.count } == [1, 42, 1, 2])
    #expect(log.events.map { $0.isProbe } == [true, false, false, false])
    #expect(log.events[1].first?.shown(since: try #require(log.runs[0].started)) == "1.25 s")
    #expect(log.events[1].last?.shown(since: try #require(log.runs[0].started)) == "2.25 s")
    #expect(
      log.destinations.map { $0.key.text } == [
        "AF_INET SOCK_STREAM", "/var/run/nscd/socket", "AF_INET6 SOCK_DGRAM",
      ])
    #expect(log.destinations.map { $0.attempts } == [42, 2, 1])
    #expect(
      log.programs.map { $0.key } == [
        LoggedProgram(name: "node", file: "/usr/bin/node"),
        LoggedProgram(name: "curl", file: "/usr/bin/curl"),
      ])
    #expect(log.runs.map { $0.exitCode } == [6] && !log.isTorn && log.unreadable == 0)
  }

  @Test func destinations() throws {
    let log = try LogReader.read(try fixture("observed.jsonl"))
    let found = log.events.map { $0.destination }
    #expect(
      found == [
        LoggedDestination(kind: .host, text: "pypi.org"),
        LoggedDestination(kind: .host, text: "pypi.org"),
        LoggedDestination(kind: .address, text: "[2001:db8::223]:443"),
        LoggedDestination(kind: .address, text: "198.51.100.7:22"),
        LoggedDestination(kind: .unix, text: "/run/user/1000/ssh-agent"),
      ])
    #expect(
      log.events.map { $0.outcome } == [.observed, .observed, .observed, .observed, .allowed])
    #expect(log.dropped == 2)
  }

  /// As the supervisor wrote them.
  @Test func linesAndDocumentsOfTheSupervisor() throws {
    let lines = try LogReader.read(try fixture("supervised.jsonl"))
    #expect(lines.events.reduce(0) { $0 + $1.count } == 57 && lines.events.count == 6)
    #expect(lines.programs.map { $0.attempts } == [51, 6])
    #expect(lines.destinations.map { $0.key.text }.contains("/tmp/\\xff<b>"))
    let document = try LogReader.read(try fixture("supervised.json"))
    #expect(document.events.map { $0.count } == [2, 1, 2, 1] && document.runs[0].exitCode == 6)
    #expect(document.runs[0].layers == lines.runs[0].layers)
    #expect(try LogReader.read(try fixture("observed.jsonl")).runs[0].layers == ["none"])
  }

  @Test func theDocumentOfThePythonWrapper() throws {
    let log = try LogReader.read(try fixture("python.json"))
    #expect(
      log.events.map { $0.destination.text } == [
        "example.org:443", "AF_INET SOCK_STREAM", "93.184.216.34:80", "/tmp/x",
      ])
    #expect(log.events.map { $0.destination.kind } == [.host, .socket, .address, .unix])
    #expect(log.events.allSatisfy { $0.program.name == "python3" && !$0.stack.isEmpty })
    #expect(log.runs[0].isAdvisory && log.runs[0].status == "exited" && log.runs[0].exitCode == 0)
  }

  /// A log that was cut anywhere tells everything up to there, and never more.
  @Test func everyCutOfALogIsRead() throws {
    let whole = try fixture("three.jsonl")
    let headEnd = try #require(whole.firstIndex(of: 0x0a))
    var before = 0
    // Every byte of the head's end and of the last three lines, and some between.
    for end in headEnd...whole.count
    where end < headEnd + 50 || end > whole.count - 500 || end % 7 == 0 {
      let log = try LogReader.read(Array(whole[..<end]))
      let total = log.events.reduce(0) { $0 + $1.count }
      #expect(total >= before && total <= 46)
      before = total
      // Without its newline an object may be whole already.
      let isComplete =
        end == headEnd || whole[end - 1] == 0x0a
        || whole[end - 1] == UInt8(ascii: "}")
          && (end == whole.count || whole[end] == 0x0a)
      #expect(log.isTorn == !isComplete && log.unreadable == 0, "\(end)")
    }
    #expect(before == 46)
  }

  @Test func whatIsNoLog() throws {
    let texts: [(String, String)] = [
      ("", "it is empty"), ("\n\n", "no line of it is one of a log of nonet"),
      ("[]", "no line of it is one of a log of nonet"),
      ("{\"a\":1}\n", "no line of it is one of a log of nonet"),
      ("hello\nworld\n", "byte 0: expected a value"),
      ("{\"command\":[\"a\"],\"events\":[\n{\"api\":\"x\"", "byte 27: expected a value"),
      ("\u{0}", "byte 0: expected a value"),
    ]
    for (text, reason) in texts {
      do throws(LogReader.LogError) {
        _ = try LogReader.read(Array(text.utf8))
        Issue.record("\(text) was read")
      } catch {
        #expect(error.reason == reason, "\(text)")
      }
    }
  }

  @Test func oddLines() throws {
    let head = #"{"command":["x"],"pid":1}"#
    let event = #"{"api":"connect","count":3}"#
    #expect(try read("\(head)\nrubbish\n\(event)\n").unreadable == 1)
    #expect(try read("\(head)\nrubbish\n\(event)\n").events.map { $0.count } == [3])
    #expect(try read("\(head)\n\(event)\r\n\n\(event)\n").events.map { $0.count } == [6])
    #expect(try read("\(event)\n").events.map { $0.program.name } == [""])
    // Counts that nobody can have counted do not overflow anything.
    let huge = #"{"api":"connect","pid":1,"count":9223372036854775807}"#
    #expect(try read([String](repeating: huge, count: 9).joined(separator: "\n")).events.count == 1)
    #expect(
      try read(#"{"api":"connect","count":-5,"pid":null,"args":7,"errno":"x"}"# + "\n").events.map {
        $0.count
      } == [1])
    // Ends belong to the run that they name, else to the last that has none.
    let runs = try read(
      "{\"command\":[],\"pid\":1}\n{\"command\":[],\"pid\":2}\n{\"event_count\":0,\"status\":\"a\",\"pid\":1}\n{\"event_count\":0,\"status\":\"b\"}\n{\"event_count\":0}\n"
    ).runs
    #expect(runs.map { $0.status } == ["a", "b"])
  }

  @Test func bytesThatAreNoTextHideNothing() throws {
    var bytes = Array(#"{"api":"connect","args":{"path":"/tmp/"#.utf8)
    bytes += [0xff, 0xfe] + Array("\"}}\n".utf8)
    #expect(
      try LogReader.read(bytes).events.map { $0.destination.text } == ["/tmp/\u{fffd}\u{fffd}"])
  }
}
