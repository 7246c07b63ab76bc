import BPFAssembler
import Testing

@testable import nonet

@Suite struct ReportPageTests {
  private func page(_ lines: [String], mostEvents: Int = 4_096) throws -> String {
    String(
      decoding: ReportPage(
        try LogReader.read(Array(lines.joined(separator: "\n").utf8)), mostEvents: mostEvents
      ).bytes,
      as: UTF8.self)
  }

  private func event(_ name: String, _ path: String, at second: Int = 0, count: Int = 1) -> String {
    let two = second % 60 < 10 ? "0\(second % 60)" : "\(second % 60)"
    let minutes = second / 60 % 60 < 10 ? "0\(second / 60 % 60)" : "\(second / 60 % 60)"
    return JSONText.object([
      ("timestamp", JSONText.string("2026-11-22T12:\(minutes):\(two)Z")), ("pid", "7"),
      ("comm", JSONText.string(name)), ("exe", JSONText.string("/opt/" + name)),
      ("api", JSONText.string("connect")),
      ("args", JSONText.object([("path", JSONText.string(path))])),
      ("verdict", JSONText.string("refused")), ("errno", "13"), ("count", "\(count)"),
    ])
  }

  private static let head = #"{"command":["a b","c"],"timestamp":"2026-11-22T12:00:00Z"}"#

  @Test(arguments: [
    ("<b>", "&lt;b&gt;"), ("a&amp;b", "a&amp;amp;b"), ("\"'", "&quot;&#39;"),
    ("\u{0}\u{1b}[1m", "\\u{0}\\u{1b}[1m"),
    ("\u{202e}x", "\\u{202e}x"), ("a\nb\tc", "a\\nb\\tc"),
    ("\u{85}\u{ad}\u{200d}\u{feff}\u{e0041}", "\\u{85}\\u{ad}\\u{200d}\\u{feff}\\u{e0041}"),
    ("é€😀 שלום", "é€😀 שלום"), ("{{script}}", "{{script}}"),
  ])
  func textIsNeverMarkup(text: String, written: String) throws {
    var writer = HTMLWriter()
    writer.text(text)
    #expect(String(decoding: writer.bytes, as: UTF8.self) == written)
    // And so it stands wherever the page has it.
    let page = try page([Self.head, event(text, text)])
    #expect(page.contains("<code>\(written)</code>") && page.contains("/opt/\(written)"))
  }

  @Test func longTextIsCut() {
    var writer = HTMLWriter()
    writer.text(String(repeating: "ä", count: 240))
    #expect(writer.bytes.count == 480)
    writer = HTMLWriter()
    writer.text(String(repeating: "ä", count: 241))
    #expect(String(decoding: writer.bytes, as: UTF8.self).hasSuffix("ä… (482 bytes)"))
  }

  @Test func numbersForPeople() {
    for (number, text) in [
      (0, "0"), (999, "999"), (1_000, "1\u{2009}000"), (1_234_567, "1\u{2009}234\u{2009}567"),
    ] {
      var writer = HTMLWriter()
      writer.count(number)
      #expect(String(decoding: writer.bytes, as: UTF8.self) == text)
    }
  }

  /// Every mark of the template is filled, and nothing of a log is taken for one.
  @Test func theTemplateIsFilled() throws {
    let page = try page([Self.head])
    #expect(!page.contains("{{") && page.contains("<h1>Nothing was attempted</h1>"))
    #expect(page.contains("<title>nonet report: a b c</title>") && page.contains("&#39;a b&#39; c"))
    #expect(page.hasPrefix("<!DOCTYPE html>") && page.hasSuffix("</html>\n"))
  }

  @Test func headlines() throws {
    let refused = event("a", "/x", count: 3)
    let allowed = #"{"api":"connect","verdict":"allowed","count":2}"#
    let observed = #"{"api":"connect","verdict":"observed"}"#
    let said: [([String], String)] = [
      ([refused], "3 attempts, all refused"), ([event("a", "/x")], "1 attempt, refused"),
      ([refused, allowed], "5 attempts, 3 refused"), ([allowed], "2 attempts, all let through"),
      ([observed], "1 attempt, let through"),
      ([refused, #"{"event_count":9,"dropped":6}"#], "9 attempts, 3 recorded"),
      ([#"{"event_count":9,"dropped":9}"#], "9 attempts, 0 recorded"),
    ]
    for (lines, words) in said {
      #expect(try page([Self.head] + lines).contains("<h1>\(words)</h1>"), "\(words)")
    }
  }

  @Test func rowsAndBarsAreBounded() throws {
    for (count, listed) in [(49, 49), (50, 50), (51, 50)] {
      let lines = (0..<count).map { event("p\($0 % 40)", "/\($0)", at: $0 * 3_599 / count) }
      let page = try page([Self.head] + lines, mostEvents: 50)
      #expect(page.occurrences(of: "<small>pid ") == listed)
      #expect(page.contains("1 more kinds of attempts") == (count > 50))
      #expect(page.occurrences(of: "<line class=\"lane\"") == ReportTimeline.mostLanes)
      #expect(
        page.occurrences(of: "<line class=\"bar") <= ReportTimeline.mostLanes
          * (ReportTimeline.columns + 1))
      #expect(page.occurrences(of: "<line class=\"tick\"") <= 5)
      #expect(page.contains("29 more programs"))
    }
  }

  /// Every attempt is under some bar of the timeline.
  @Test func theBarsAddUp() throws {
    var random = Seeded(63)
    let lines = (0..<500).map { index in
      event(
        "p\(index % 20)", "/\(index)", at: Int.random(in: 0...3_000, using: &random),
        count: 1 + index % 900)
    }
    let page = try page([Self.head] + lines)
    let bars = page.pieces(between: "<line class=\"bar refused\"", and: "</line>")
    let counts = bars.compactMap { bar in
      Int(bar.pieces(between: "<title>", and: " refused").joined().filter { $0 != "\u{2009}" })
    }
    // 1 + 2 + ... + 500.
    let sum = counts.reduce(0, +)
    #expect(sum == 500 * 501 / 2)
  }

  @Test func mutatedLogsMakePages() throws {
    var random = Seeded(64)
    let sources = [
      Self.head, event("a", "/x"), #"{"event_count":9,"dropped":6,"status":"exited"}"#,
    ]
    var pages = 0
    for _ in 0..<500 {
      var bytes = Array((sources + [sources[1]]).joined(separator: "\n").utf8)
      for _ in 0..<Int.random(in: 0...3, using: &random) {
        bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(
          in: 0 ... .max, using: &random)
      }
      do throws(LogReader.LogError) {
        let page = ReportPage(try LogReader.read(bytes)).bytes
        pages += 1
        #expect(firstInvalidUTF8(in: page) == nil, "\(random.testDescription)")
      } catch {
        #expect(!error.reason.isEmpty)
      }
    }
    #expect(pages > 200)
  }
}

extension String {
  fileprivate func pieces(between start: String, and end: String) -> [String] {
    var pieces: [String] = []
    var rest = utf8[...]
    while let from = rest.offset(of: start) {
      rest = rest[from...]
      guard let to = rest.offset(of: end, isEnd: false) else { break }
      pieces.append(String(decoding: Array(rest[..<to]), as: UTF8.self))
      rest = rest[to...]
    }
    return pieces
  }

  fileprivate func occurrences(of text: String) -> Int {
    var count = 0
    var rest = utf8[...]
    while let end = rest.offset(of: text) {
      count += 1
      rest = rest[end...]
    }
    return count
  }
}

extension Substring.UTF8View {
  /// Where a text ends, or begins, for the first time.
  fileprivate func offset(of text: String, isEnd: Bool = true) -> Index? {
    let first = text.utf8.first
    var place = startIndex
    while let start = self[place...].firstIndex(where: { $0 == first }) {
      if self[start...].starts(with: text.utf8) {
        return isEnd ? index(start, offsetBy: text.utf8.count) : start
      }
      place = index(after: start)
    }
    return nil
  }
}
