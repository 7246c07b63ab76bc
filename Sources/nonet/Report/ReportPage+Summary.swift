/// The top of the page: what happened, in one sentence, and under what circumstances.
extension ReportPage {
  /// All attempts, also those that were only counted.
  private var total: Int { destinations.reduce(log.dropped) { $0 + $1.attempts } }
  private var refused: Int { destinations.reduce(0) { $0 + $1.refused } }
  /// Attempts of which something is known.
  private var told: Int { total - log.dropped }

  func writeSummary(to page: inout HTMLWriter) {
    page.markup("<h1>")
    if total == 0 {
      page.markup("Nothing was attempted")
    } else {
      page.count(total)
      page.markup(total == 1 ? " attempt, " : " attempts, ")
      if log.dropped > 0 {
        page.count(told)
        page.markup(" recorded")
      } else if refused == told {
        page.markup(told == 1 ? "refused" : "all refused")
      } else if refused == 0 {
        page.markup(told == 1 ? "let through" : "all let through")
      } else {
        page.count(refused)
        page.markup(" refused")
      }
    }
    page.markup("</h1>\n<p class=\"lead\">")
    if total == 0 {
      page.markup("This log has no attempt to reach anything that the policy refuses.")
    } else if told > 0 {
      page.markup("By ")
      page.count(programs.count)
      page.markup(programs.count == 1 ? " program, towards " : " programs, towards ")
      page.count(destinations.count)
      page.markup(destinations.count == 1 ? " destination." : " destinations.")
    }
    page.markup("</p>\n")
    for run in log.runs.prefix(Self.mostRuns) { write(run, to: &page) }
    if log.runs.count > Self.mostRuns {
      page.markup("<p>")
      page.count(log.runs.count - Self.mostRuns)
      page.markup(" more runs wrote to this log.</p>\n")
    }
  }

  /// The most runs of one log that are described.
  private static var mostRuns: Int { 50 }

  private func write(_ run: LoggedRun, to page: inout HTMLWriter) {
    page.markup("<pre class=\"command\" tabindex=\"0\" aria-label=\"Command\"><code>")
    for (index, word) in run.command.prefix(200).enumerated() {
      if index > 0 { page.markup(" ") }
      page.text(ShellText.shown(word), most: 2_000, keepsLines: true)
    }
    page.markup("</code></pre>\n<dl class=\"facts\">")
    fact("Started", run.started?.shown, to: &page)
    if let started = run.started, let ended = run.ended {
      fact("Lasted", ended.shown(since: started), to: &page)
    } else if let started = run.started, let last = log.events.compactMap({ $0.last }).max(),
      log.runs.count == 1, last >= started
    {
      fact("Last attempt after", last.shown(since: started), to: &page)
    }
    fact("Policy", run.policy, to: &page)
    fact("Layers", run.layers.joined(separator: ", "), to: &page)
    fact("Ended", log.isWithoutWriter ? "not recorded" : Self.ending(run), to: &page)
    fact("Version", run.version, to: &page)
    page.markup("</dl>\n")
  }

  private func fact(_ name: StaticString, _ value: String?, to page: inout HTMLWriter) {
    guard let value, !value.isEmpty else { return }
    page.markup("<div><dt>")
    page.markup(name)
    page.markup("</dt><dd>")
    page.text(value)
    page.markup("</dd></div>")
  }

  private static func ending(_ run: LoggedRun) -> String {
    switch (run.status, run.exitCode) {
    case (nil, _), (Ending.running.status, _): "not recorded"
    case (Ending.lost.status, _): "not known"
    case (Ending.exited(0).status, let code?): "status \(code)"
    case (Ending.exited(0).status, nil): "status not known"
    case (let status?, let code?): "\(status), status \(code)"
    case (let status?, nil): status
    }
  }

  /// What a reader has to know to read the rest rightly.
  func writeNotes(to page: inout HTMLWriter) {
    let observed = log.attempts.filter { $0.outcome == .observed }.reduce(0) { $0 + $1.count }
    let probes = log.events.filter { $0.isProbe }.reduce(0) { $0 + $1.count }
    let isOpen =
      !log.isWithoutWriter
      && log.runs.contains { $0.status == nil || $0.status == Ending.running.status }
    let isLost = log.runs.contains { $0.status == Ending.lost.status }
    let notes: [(Bool, before: StaticString, count: Int?, after: StaticString)] = [
      (
        observed > 0, "Observed and let through, because nothing confined the command: ", observed,
        "."
      ),
      (
        log.runs.contains { $0.isAdvisory },
        "The Python wrapper is advisory: what means to get past it can, and is not in this log.",
        nil, ""
      ),
      (log.isTorn, "The last line of the log breaks off, as when nonet is killed.", nil, ""),
      (isOpen, "The log has no end: the command was still running, or nonet was killed.", nil, ""),
      (
        log.isWithoutWriter,
        "The log says that its run goes on, but its nonet is gone: killed, or this is a copy.", nil,
        ""
      ),
      (
        isLost,
        "nonet did not see the end of the run, as when it is killed: what came then is missing.",
        nil, ""
      ),
      (
        log.dropped > 0, "Attempts that were counted and not recorded, for the log was full: ",
        log.dropped, ". They are in no table."
      ),
      (log.unreadable > 0, "Lines of the log that could not be read: ", log.unreadable, "."),
      (
        probes > 0, "Looks for what nearly every program asks for, io_uring and name services: ",
        probes, ". They are not counted as attempts."
      ),
      (
        log.runs.count > 1,
        "Several runs wrote to this log, and attempts do not say to which run they belong.", nil, ""
      ),
    ]
    let said = notes.filter { $0.0 }
    guard !said.isEmpty else { return }
    page.markup("<ul class=\"notes\" aria-label=\"Notes\">")
    for note in said {
      page.markup("<li>")
      page.markup(note.before)
      if let count = note.count { page.count(count) }
      page.markup(note.after)
      page.markup("</li>")
    }
    page.markup("</ul>\n")
  }
}
