/// Who tried what when: a lane for each program, time from left to right.
///
/// Places along the time are percentages, so the drawing is as wide as the page and text keeps its
/// size. Marks are counted into columns, so there is a bound for any number of attempts.
struct ReportTimeline {
  static let mostLanes = 12
  static let columns = 120
  private static let laneHeight = 50
  /// Where a lane's line is below its top; the name stands above the bars.
  private static let baseline = 40

  private struct Lane {
    let name: String
    let attempts: Int
    /// Attempts in each column by what became of them.
    var marks: [[Int]]
  }

  private let lanes: [Lane]
  private let start: Timestamp
  private let end: Timestamp
  /// Programs that have no lane of their own and share the last.
  private let sharing: Int

  /// - Returns: `nil` where no attempt has a time.
  init?(_ log: RunLog, _ programs: [Tally<LoggedProgram>]) {
    let timed = log.attempts.filter { $0.first != nil }
    guard let first = timed.first?.first else { return nil }
    let latest = timed.reduce(first) { max($0, $1.last ?? $1.first ?? $0) }
    start = min(first, log.runs.compactMap { $0.started }.min() ?? first)
    end = max(latest, log.runs.compactMap { $0.ended }.max() ?? latest)
    // In the order of their first attempts, which is how the story goes.
    let ordered = programs.sorted { one, other in
      guard let a = one.first, let b = other.first else { return one.first != nil }
      return a < b
    }
    let own = ordered.count > Self.mostLanes ? Self.mostLanes - 1 : ordered.count
    sharing = ordered.count - own
    let empty = [[Int]](
      repeating: [Int](repeating: 0, count: Outcome.Kind.allCases.count),
      count: Self.columns + 1)
    var lanes = ordered[..<own].map {
      Lane(name: $0.key.name, attempts: $0.attempts, marks: empty)
    }
    if sharing > 0 {
      let rest = ordered[own...].reduce(0) { $0 + $1.attempts }
      lanes.append(Lane(name: "", attempts: rest, marks: empty))
    }
    let span = max(1, end.microseconds - start.microseconds)
    for event in timed {
      guard let time = event.first, let last = lanes.indices.last else { continue }
      let lane = ordered[..<own].firstIndex { $0.key == event.program } ?? last
      let offset = time.microseconds - start.microseconds
      let column = Int(Double(offset) / Double(span) * Double(Self.columns))
      lanes[lane].marks[min(max(0, column), Self.columns)][Int(event.outcome.rawValue)] +=
        event.count
    }
    self.lanes = lanes
  }

  /// Writes the drawing as an SVG element.
  func write(to page: inout HTMLWriter) {
    let height = lanes.count * Self.laneHeight + 26
    page.markup(
      "<svg class=\"timeline\" role=\"img\" aria-labelledby=\"timeline-title\" width=\"100%\" height=\""
    )
    page.number(height)
    page.markup("\"><title id=\"timeline-title\">Attempts of each program over time; ")
    page.markup("the table of every attempt says the same in words</title>")
    for tick in ticks { write(tick, height, to: &page) }
    for (index, lane) in lanes.enumerated() { write(lane, index * Self.laneHeight, to: &page) }
    page.markup("</svg>")
  }

  private func write(_ lane: Lane, _ top: Int, to page: inout HTMLWriter) {
    page.markup("<text class=\"lane\" x=\"0\" y=\"")
    page.number(top + 13)
    page.markup("\">")
    if lane.name.isEmpty, sharing > 0 {
      page.number(sharing)
      page.markup(" more programs")
    } else {
      page.text(lane.name, most: 24)
    }
    page.markup("<tspan class=\"quiet\" dx=\"8\">")
    page.count(lane.attempts)
    page.markup("</tspan></text><line class=\"lane\" x1=\"0\" x2=\"100%\" y1=\"")
    page.number(top + Self.baseline)
    page.markup("\" y2=\"")
    page.number(top + Self.baseline)
    page.markup("\"/>")
    for (column, counts) in lane.marks.enumerated() {
      for outcome in Outcome.Kind.allCases where counts[Int(outcome.rawValue)] > 0 {
        write(counts[Int(outcome.rawValue)], outcome, in: column, top + Self.baseline, to: &page)
      }
    }
  }

  /// Writes a bar: upwards for what was refused or observed, downwards for what got through a layer.
  private func write(
    _ count: Int, _ outcome: Outcome.Kind, in column: Int, _ baseline: Int,
    to page: inout HTMLWriter
  ) {
    let place = Self.percent(column, of: Self.columns)
    // Four times the attempts are one step more, from 8 for one to 20 for 4,000 and more.
    let length = 8 + 2 * min(6, (Int.bitWidth - count.leadingZeroBitCount) / 2)
    page.markup("<line class=\"bar ")
    page.markup(outcome.word)
    page.markup("\" x1=\"")
    page.text(place)
    page.markup("\" x2=\"")
    page.text(place)
    page.markup("\" y1=\"")
    page.number(baseline)
    page.markup("\" y2=\"")
    page.number(outcome == .allowed ? baseline + 8 : baseline - length)
    page.markup("\"><title>")
    page.count(count)
    page.markup(" ")
    page.markup(outcome.word)
    page.markup(" after ")
    let span = Double(end.microseconds - start.microseconds)
    page.text(Timestamp.duration(Int(span * Double(column) / Double(Self.columns))))
    page.markup("</title></line>")
  }

  private struct Tick {
    let microseconds: Int
    /// Hundredths of a percent.
    let place: Int
  }

  /// At most five, at round times; the drawing's beginning is always one.
  private var ticks: [Tick] {
    let span = end.microseconds - start.microseconds
    guard span > 0 else { return [Tick(microseconds: 0, place: 0)] }
    let minute = 60_000_000
    let long = [1, 2, 5, 10, 20, 30, 60, 120, 300, 720, 1440, 2880, 10_080].map { $0 * minute }
    var steps: [Int] = []
    var power = 1
    while power < minute {
      steps += [power, 2 * power, 5 * power]
      power *= 10
    }
    steps = steps.filter { $0 < minute && $0 != 50_000_000 } + [30_000_000] + long
    let step = steps.sorted().first { span / $0 <= 4 } ?? max(1, span / 4)
    return stride(from: 0, through: span, by: step).map { time in
      Tick(microseconds: time, place: Int(Double(time) / Double(span) * 10_000))
    }
  }

  private func write(_ tick: Tick, _ height: Int, to page: inout HTMLWriter) {
    let place = Self.percent(tick.place, of: 10_000)
    page.markup("<line class=\"tick\" x1=\"")
    page.text(place)
    page.markup("\" x2=\"")
    page.text(place)
    page.markup("\" y1=\"0\" y2=\"")
    page.number(height - 20)
    page.markup("\"/><text class=\"tick\" x=\"")
    page.text(place)
    page.markup("\" y=\"")
    page.number(height - 6)
    // Texts at the ends stay inside the drawing.
    if tick.place > 9_000 {
      page.markup("\" text-anchor=\"end\">")
    } else if tick.place > 1_000 {
      page.markup("\" text-anchor=\"middle\">")
    } else {
      page.markup("\">")
    }
    page.text(tick.microseconds == 0 ? "start" : Timestamp.roundDuration(tick.microseconds))
    page.markup("</text>")
  }

  /// A part of a whole as `12.34%`.
  private static func percent(_ part: Int, of whole: Int) -> String {
    let hundredths = part * 10_000 / whole
    let rest = hundredths % 100
    return "\(hundredths / 100).\(rest < 10 ? "0" : "")\(rest)%"
  }
}
