/// A log as one page of HTML that needs nothing else.
///
/// The page is `report.html` with its marks filled in. Its own script only sorts and filters what is
/// there, so the page says everything without it. A Content-Security-Policy in the page names the
/// hashes of script and style sheet, and lets the browser run and load nothing but these.
struct ReportPage {
  /// The most kinds of attempts that the page lists one by one; sums are made of all.
  let mostEvents: Int
  /// The most rows of the tables by destination and by program.
  static let mostRows = 1_000

  let log: RunLog
  let destinations: [Tally<LoggedDestination>]
  let programs: [Tally<LoggedProgram>]

  /// - Parameters:
  ///   - log: What was read from a log.
  ///   - mostEvents: The most kinds of attempts to list; nonet logs no more of one run.
  init(_ log: RunLog, mostEvents: Int = 4_096) {
    self.log = log
    self.mostEvents = mostEvents
    destinations = log.destinations
    programs = log.programs
  }

  /// The page, in UTF-8.
  var bytes: [UInt8] {
    var page = HTMLWriter()
    let template = PackageResources.report_html
    var rest = template[...]
    while let mark = Self.nextMark(in: rest) {
      page.resource(rest[..<mark.range.lowerBound])
      rest = rest[mark.range.upperBound...]
      switch mark.name {
      case "style": page.resource(PackageResources.report_css[...])
      case "script": page.resource(PackageResources.report_js[...])
      case "title": page.text(log.runs.first?.command.joined(separator: " ") ?? "", most: 80)
      case "summary": writeSummary(to: &page)
      case "notes": writeNotes(to: &page)
      case "timeline": writeTimeline(to: &page)
      case "tables": writeTables(to: &page)
      case _: break
      }
    }
    page.resource(rest)
    return page.bytes
  }

  /// The next `{{name}}` of the template.
  private static func nextMark(
    in bytes: ArraySlice<UInt8>
  ) -> (range: Range<Int>, name: String)? {
    let brace = UInt8(ascii: "{")
    var index = bytes.startIndex
    while index + 1 < bytes.endIndex {
      guard bytes[index] == brace, bytes[index + 1] == brace else {
        index += 1
        continue
      }
      let name = bytes[(index + 2)...].prefix { $0 != UInt8(ascii: "}") }
      let end = min(name.endIndex + 2, bytes.endIndex)
      return (index..<end, String(decoding: name, as: UTF8.self))
    }
    return nil
  }
}
