/// Sums for the tables: attempts by where they led, and by who made them.
struct Tally<Key> {
  let key: Key
  var attempts = 0
  var first: Timestamp?
  /// What the other table is about: for a destination its programs, for a program its destinations.
  var others: [String] = []
  var refused = 0

  fileprivate mutating func add(_ event: LoggedEvent, other: String) {
    attempts += event.count
    if event.outcome == .refused { refused += event.count }
    if let time = event.first { first = first.map { min($0, time) } ?? time }
    if others.last != other { others.append(other) }
  }
}

extension RunLog {
  /// Attempts that count as such.
  var attempts: [LoggedEvent] { events.filter { !$0.isProbe } }

  /// Attempts by destination, most first.
  var destinations: [Tally<LoggedDestination>] {
    tallies(of: { $0.destination }, named: { "\($0.kind.rawValue)\($0.text)" }) { $0.program.name }
  }

  /// Attempts by program, most first.
  var programs: [Tally<LoggedProgram>] {
    tallies(of: { $0.program }, named: { "\($0.name)\u{0}\($0.file)" }) { $0.destination.text }
  }

  private func tallies<Key>(
    of key: (LoggedEvent) -> Key, named name: (Key) -> String, other: (LoggedEvent) -> String
  ) -> [Tally<Key>] {
    // By sorting, as events are merged. Bytes are compared: characters may be equal and look alike.
    let keyed = attempts.enumerated().map { place, event in
      (
        name: Array(name(key(event)).utf8), other: Array(other(event).utf8), place: place,
        event: event
      )
    }
    let sorted = keyed.sorted { one, other in
      if one.name != other.name { return one.name.lexicographicallyPrecedes(other.name) }
      if one.other != other.other { return one.other.lexicographicallyPrecedes(other.other) }
      return one.place < other.place
    }
    var tallies: [(place: Int, tally: Tally<Key>)] = []
    var last: [UInt8]?
    for item in sorted {
      if last != item.name { tallies.append((item.place, Tally(key: key(item.event)))) }
      last = item.name
      let index = tallies.count - 1
      tallies[index].place = min(tallies[index].place, item.place)
      tallies[index].tally.add(item.event, other: other(item.event))
    }
    return tallies.sorted { one, other in
      one.tally.attempts == other.tally.attempts
        ? one.place < other.place : one.tally.attempts > other.tally.attempts
    }.map { $0.tally }
  }
}
