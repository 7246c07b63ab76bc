internal import BPFAssembler

/// The drawing and the three tables: by destination, by program, and every attempt.
extension ReportPage {
  func writeTimeline(to page: inout HTMLWriter) {
    guard let timeline = ReportTimeline(log, programs) else { return }
    page.markup("<section aria-labelledby=\"when\"><h2 id=\"when\">Who tried when</h2>\n")
    timeline.write(to: &page)
    page.markup("<p class=\"legend\">")
    for outcome in Outcome.Kind.allCases
    where log.attempts.contains(where: { $0.outcome == outcome }) {
      page.markup("<span class=\"answer ")
      page.markup(outcome.word)
      page.markup("\">")
      page.markup(outcome.word)
      page.markup("</span> ")
    }
    page.markup("<span class=\"quiet\">taller bars are more attempts</span></p></section>\n")
  }

  func writeTables(to page: inout HTMLWriter) {
    guard !log.attempts.isEmpty else { return }
    page.markup("<div class=\"filter\" hidden><label for=\"filter\">Filter</label>")
    page.markup("<input id=\"filter\" type=\"search\" autocomplete=\"off\" spellcheck=\"false\" ")
    page.markup(
      "placeholder=\"program, destination, call\"><output for=\"filter\"></output></div>\n")
    writeDestinations(to: &page)
    writePrograms(to: &page)
    writeEvents(to: &page)
  }

  private func writeDestinations(to page: inout HTMLWriter) {
    guard !destinations.isEmpty else { return }
    page.markup(
      "<section><table class=\"sums\"><caption><h2>Destinations</h2></caption><thead><tr>")
    page.markup("<th scope=\"col\">Destination</th><th scope=\"col\">By</th>")
    page.markup("<th scope=\"col\" class=\"n\" aria-sort=\"descending\">Attempts</th>")
    page.markup("<th scope=\"col\" class=\"n\">First</th></tr></thead><tbody>\n")
    for tally in destinations.prefix(Self.mostRows) {
      page.markup("<tr><th scope=\"row\"><code>")
      page.text(tally.key.text)
      page.markup("</code><small>")
      page.markup(tally.key.kind.words)
      page.markup("</small></th><td>")
      writeList(tally.others, isCode: false, to: &page)
      writeEnd(of: tally, to: &page)
    }
    page.markup("</tbody></table>")
    writeRest(destinations.count, to: &page)
    page.markup("</section>\n")
  }

  private func writePrograms(to page: inout HTMLWriter) {
    guard !programs.isEmpty else { return }
    page.markup("<section><table class=\"sums\"><caption><h2>Programs</h2></caption><thead><tr>")
    page.markup("<th scope=\"col\">Program</th><th scope=\"col\">Towards</th>")
    page.markup("<th scope=\"col\" class=\"n\" aria-sort=\"descending\">Attempts</th>")
    page.markup("<th scope=\"col\" class=\"n\">First</th></tr></thead><tbody>\n")
    for tally in programs.prefix(Self.mostRows) {
      page.markup("<tr><th scope=\"row\">")
      page.text(tally.key.name)
      page.markup("<small>")
      page.text(tally.key.file)
      page.markup("</small></th><td>")
      writeList(tally.others, isCode: true, to: &page)
      writeEnd(of: tally, to: &page)
    }
    page.markup("</tbody></table>")
    writeRest(programs.count, to: &page)
    page.markup("</section>\n")
  }

  /// The first few of a list, and how many more there are.
  private func writeList(_ items: [String], isCode: Bool, to page: inout HTMLWriter) {
    for (index, item) in items.prefix(4).enumerated() {
      if index > 0 { page.markup(", ") }
      page.markup(isCode ? "<code>" : "<span>")
      page.text(item, most: 80)
      page.markup(isCode ? "</code>" : "</span>")
    }
    if items.count > 4 {
      page.markup(" and ")
      page.count(items.count - 4)
      page.markup(" more")
    }
  }

  private func writeEnd<Key>(of tally: Tally<Key>, to page: inout HTMLWriter) {
    page.markup("</td><td class=\"n\" data-v=\"")
    page.number(tally.attempts)
    page.markup("\">")
    page.count(tally.attempts)
    page.markup("</td>")
    writeTime(tally.first, to: &page)
    page.markup("</tr>\n")
  }

  /// A cell with a moment, as time since the beginning.
  private func writeTime(_ time: Timestamp?, to page: inout HTMLWriter) {
    page.markup("<td class=\"n when\" data-v=\"")
    page.number(time?.microseconds ?? Int.max)
    guard let time, let start else {
      page.markup("\">not known</td>")
      return
    }
    page.markup("\" title=\"")
    page.text(time.shown)
    page.markup("\">")
    page.text(time.shown(since: start))
    page.markup("</td>")
  }

  /// When the first run of the log began.
  private var start: Timestamp? {
    let times = log.runs.compactMap { $0.started } + log.events.prefix(1).compactMap { $0.first }
    return times.min()
  }

  private func writeRest(_ count: Int, to page: inout HTMLWriter) {
    guard count > Self.mostRows else { return }
    page.markup("<p class=\"quiet\">")
    page.count(count - Self.mostRows)
    page.markup(" more with fewer attempts are not listed.</p>")
  }

  private func writeEvents(to page: inout HTMLWriter) {
    page.markup("<section><table class=\"events\"><caption><h2>Every attempt</h2>")
    page.markup(
      "<p class=\"quiet\">Times count from the start of the run; like attempts are one row.</p>")
    page.markup("</caption><thead><tr><th scope=\"col\" aria-sort=\"ascending\">After</th>")
    page.markup("<th scope=\"col\">Program</th><th scope=\"col\">Destination</th>")
    page.markup("<th scope=\"col\">Call</th><th scope=\"col\">Answer</th>")
    page.markup("<th scope=\"col\" class=\"n\">Times</th></tr></thead><tbody>\n")
    let attempts = log.attempts
    for event in attempts.prefix(mostEvents) { write(event, to: &page) }
    page.markup("</tbody></table>")
    if attempts.count > mostEvents {
      page.markup("<p class=\"quiet\">")
      page.count(attempts.count - mostEvents)
      page.markup(" more kinds of attempts are counted above and not listed.</p>")
    }
    page.markup("</section>\n")
  }

  private func write(_ event: LoggedEvent, to page: inout HTMLWriter) {
    page.markup("<tr>")
    writeTime(event.first, to: &page)
    page.markup("<th scope=\"row\">")
    page.text(event.program.name)
    page.markup("<small>")
    if let pid = event.pid {
      page.markup("pid ")
      page.number(pid)
      if let tid = event.tid, tid != pid {
        page.markup(", thread ")
        page.number(tid)
      }
    }
    page.markup("</small></th><td><code>")
    page.text(event.destination.kind == .none ? "\u{2013}" : event.destination.text)
    page.markup("</code></td><td class=\"call\"><code>")
    page.text(event.call)
    page.markup("</code><small>")
    let arguments = event.arguments.filter { !$0.value.isEmpty }
    for (index, argument) in arguments.prefix(12).enumerated() {
      if index > 0 { page.markup(", ") }
      page.text(argument.name.isEmpty ? "" : argument.name + " ", most: 40)
      page.text(argument.value, most: 160)
    }
    page.markup("</small>")
    writeStack(event.stack, to: &page)
    page.markup("</td><td><span class=\"answer ")
    page.markup(event.outcome.word)
    page.markup("\">")
    page.markup(event.outcome.word)
    page.markup("</span>")
    if let errno = event.errno, event.outcome == .refused {
      page.markup("<small>")
      page.text(Errno(number: errno)?.description ?? "errno \(errno)")
      page.markup("</small>")
    }
    page.markup("</td><td class=\"n times\" data-v=\"")
    page.number(event.count)
    page.markup("\">")
    page.count(event.count)
    page.markup("</td></tr>\n")
  }

  private func writeStack(_ stack: [String], to page: inout HTMLWriter) {
    guard !stack.isEmpty else { return }
    page.markup("<details><summary>from where</summary><ol>")
    for line in stack.prefix(20) {
      page.markup("<li>")
      page.text(line)
      page.markup("</li>")
    }
    page.markup("</ol></details>")
  }
}

extension LoggedDestination.Kind {
  /// What the destination is, for people.
  fileprivate var words: StaticString {
    switch self {
    case .address: ""
    case .host: "host name"
    case .unix: "AF_UNIX socket"
    case .socket: "socket, no destination yet"
    case .none: "call without a destination"
    }
  }
}
