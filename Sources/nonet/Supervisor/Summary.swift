/// What a run tried, in a few words for a person.
struct Summary {
  /// Attempts, without those that only find out what there is.
  let count: UInt64
  /// The first thing that mattered of what was asked for, and by whom.
  let first: (label: [UInt8], name: [UInt8])?
  /// What would have let the first attempt go on of which that is known.
  let advice: String?
  private let labels: [(text: [UInt8], count: UInt64)]
  private let names: [(text: [UInt8], count: UInt64)]

  init(_ table: EventTable) {
    let events = table.events.filter { !$0.isProbe }
    count = table.attempts
    let weight = events.map { $0.weight }.min()
    first = events.first { $0.weight == weight }.map {
      ($0.label, Self.name($0.body[$0.nameRange]))
    }
    let advised = events.filter { $0.advice != nil }
    let advisedWeight = advised.map { $0.weight }.min()
    advice = advised.first { $0.weight == advisedWeight }?.advice
    let destinations = events.filter { $0.weight == .destination }
    let others = events.filter { $0.weight != .destination }
    labels =
      Self.ranked(destinations.map { ($0.label, $0.count) })
      + Self.ranked(others.map { ($0.label, $0.count) })
    names = Self.ranked(events.map { (Self.name($0.body[$0.nameRange]), $0.count) })
  }

  /// Where /proc is not there or another's, nothing tells a name.
  private static func name(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
    bytes.isEmpty ? Array("a process without a name".utf8) : Array(bytes)
  }

  /// What was asked for most, `most` of them, addresses before all else.
  func destinations(_ most: Int) -> String { Self.words(labels, most) }

  /// Who asked most.
  func programs(_ most: Int) -> String { Self.words(names, most) }

  private static func words(_ ranked: [(text: [UInt8], count: UInt64)], _ most: Int) -> String {
    var words = ranked.prefix(most).map {
      String(decoding: $0.text, as: UTF8.self) + ($0.count > 1 ? " (\($0.count))" : "")
    }
    if ranked.count > most { words.append("\(ranked.count - most) more") }
    return words.joined(separator: ", ")
  }

  /// Equal texts together, the most frequent first and else in the order of the alphabet.
  private static func ranked(
    _ texts: [(text: [UInt8], count: UInt64)]
  ) -> [(text: [UInt8], count: UInt64)] {
    var sums: [(text: [UInt8], count: UInt64)] = []
    for one in texts.sorted(by: { $0.text.lexicographicallyPrecedes($1.text) }) {
      if let last = sums.indices.last, sums[last].text == one.text {
        sums[last].count += one.count
      } else {
        sums.append(one)
      }
    }
    return sums.sorted {
      $0.count != $1.count ? $0.count > $1.count : $0.text.lexicographicallyPrecedes($1.text)
    }
  }
}

/// How much of a run its log tells.
struct Kept {
  /// Whether a log of lines has reached the most bytes that it may have.
  let isFull: Bool
  /// Attempts that the log could not take.
  let untold: UInt64
  /// Attempts that found no room among the events.
  let dropped: UInt64
  /// Whether writing failed.
  let failed: Bool

  /// Says where the attempts are told.
  ///
  /// - Parameters:
  ///   - count: How many attempts there were.
  ///   - name: The log, for a person.
  /// - Returns: The end of a sentence about the attempts.
  func place(_ count: UInt64, _ name: String) -> String {
    let missing = min(untold + dropped, count)
    if missing == 0 { return "; all of them: \(name)" }
    return missing == count ? "; none of them: \(name)" : "; \(count - missing) of them: \(name)"
  }

  /// A sentence about attempts that no log tells one by one; `nil` where there are none.
  var missing: String? {
    if untold + dropped == 0 { return nil }
    let reason =
      if untold == 0 {
        "there were too many different ones"
      } else if failed {
        "the log could not be written"
      } else if isFull {
        "the log was full"
      } else {
        "the log's reader was too slow"
      }
    return "\(untold + dropped) of them are only counted, for \(reason)"
  }
}
