/// A set of system calls: what each word of the call may still be.
///
/// Views of one word are kept apart, each with its own intervals; whether they allow a word
/// together is asked of `WordSearch`. A constraint only ever shrinks, and going back is cutting the
/// arrays to an earlier length. It is never empty: `narrow` follows a `decide` that found calls.
struct PathConstraint {
  /// What is known of one view, and the next view of the same word.
  private struct Fact {
    var view: WordView
    var first: Int
    var count: Int
    /// The position in `facts`; -1 is none.
    var next: Int
  }

  /// A state to go back to.
  struct Mark {
    fileprivate let heads: SIMD16<Int32>
    fileprivate let facts: Int
    fileprivate let intervals: Int
  }

  /// Whether a test holds for all calls of the constraint, for none, or for some.
  enum Decision {
    case always
    case never
    case both
  }

  private var heads = SIMD16<Int32>(repeating: -1)
  private var facts: [Fact] = []
  private var intervals: [WordSet.Interval] = []

  /// The steps that remain; below 0 decisions mean nothing any more.
  private(set) var remainingSteps: Int
  /// A word that is looked at in more ways than `WordSearch` takes; the steps are then spent too.
  private(set) var crowdedWord: SeccompData.Word?

  init(remainingSteps: Int) {
    self.remainingSteps = remainingSteps
    facts.reserveCapacity(64)
    intervals.reserveCapacity(256)
  }

  var mark: Mark { Mark(heads: heads, facts: facts.count, intervals: intervals.count) }

  /// Widens the constraint to what it was.
  mutating func restore(_ mark: Mark) {
    heads = mark.heads
    facts.removeLast(facts.count - mark.facts)
    intervals.removeLast(intervals.count - mark.intervals)
  }

  /// Leaves no more than that many steps.
  mutating func limit(to steps: Int) { remainingSteps = Swift.min(remainingSteps, steps) }

  /// Counts work that is not the cell's own.
  mutating func spend(_ steps: Int) { remainingSteps -= steps }

  private static let everything = [WordSet.Interval(lowest: 0, highest: .max)]
}

extension PathConstraint {
  /// Tells whether a test holds for all calls, none or some; exact while steps remain.
  mutating func decide(_ test: WordTest) -> Decision {
    remainingSteps -= 1
    if test.view.mask == 0 {
      return test.lowest <= test.view.flip && test.view.flip <= test.highest ? .always : .never
    }
    let head = Int(heads[test.view.word.index])
    guard head >= 0 else { return Self.decision(test.overlap(Self.everything[...])) }
    let overlap = overlap(of: test)
    guard overlap.inside, overlap.outside else { return Self.decision(overlap) }
    // The view by itself allows both. Other views of the word may not.
    let isAlone = facts[head].next < 0 && facts[head].view == test.view
    return isAlone ? .both : decideTogether(test)
  }

  private static func decision(_ overlap: WordSet.Overlap) -> Decision {
    overlap.inside ? (overlap.outside ? .both : .always) : .never
  }

  private func overlap(of test: WordTest) -> WordSet.Overlap {
    guard let fact = fact(of: test.view) else { return test.overlap(Self.everything[...]) }
    return test.overlap(intervals[fact.first..<fact.first + fact.count])
  }

  private mutating func decideTogether(_ test: WordTest) -> Decision {
    let start = mark
    narrow(test, to: true)
    let inside = find(test.view.word)
    restore(start)
    if inside == nil { return .never }
    narrow(test, to: false)
    let outside = find(test.view.word)
    restore(start)
    return outside == nil ? .always : .both
  }
}

extension PathConstraint {
  /// Leaves only the calls for which a test has this truth.
  mutating func narrow(_ test: WordTest, to truth: Bool) {
    let old = fact(of: test.view)
    let first = intervals.count
    if let old {
      for index in old.first..<old.first + old.count { append(intervals[index], test, truth) }
    } else {
      append(WordSet.Interval(lowest: 0, highest: .max), test, truth)
    }
    let word = test.view.word.index
    var next = Int(heads[word])
    if let old {
      // The facts before the old one are repeated behind it, so that each view has one fact.
      var other = next
      next = old.next
      while other >= 0, facts[other].view != test.view {
        var copy = facts[other]
        other = copy.next
        copy.next = next
        next = facts.count
        facts.append(copy)
      }
    }
    heads[word] = Int32(truncatingIfNeeded: facts.count)
    facts.append(
      Fact(view: test.view, first: first, count: intervals.count - first, next: next))
  }

  private mutating func append(_ interval: WordSet.Interval, _ test: WordTest, _ truth: Bool) {
    if truth {
      if let part = test.inside(interval) { intervals.append(part) }
      return
    }
    if let part = test.below(interval) { intervals.append(part) }
    if let part = test.above(interval) { intervals.append(part) }
  }

  private func fact(of view: WordView) -> Fact? {
    var next = Int(heads[view.word.index])
    while next >= 0 {
      if facts[next].view == view { return facts[next] }
      next = facts[next].next
    }
    return nil
  }
}

extension PathConstraint {
  /// Writes down all that is known of some bits of each word.
  ///
  /// A view that overlaps the bits takes part, and so does every view that overlaps its mask.
  /// What is left out speaks of other bits and cannot say anything about these.
  ///
  /// - Parameters:
  ///   - bits: The bits that matter, by word.
  ///   - text: Where the numbers are added.
  func describe(_ bits: SIMD16<UInt32>, into text: inout [UInt32]) {
    for word in heads.indices where bits[word] != 0 && heads[word] >= 0 {
      var reach = bits[word]
      var before: UInt32 = 0
      while reach != before {
        before = reach
        forEachFact(of: word) { if $0.view.mask & reach != 0 { reach |= $0.view.mask } }
      }
      forEachFact(of: word) { fact in
        guard fact.view.mask & reach != 0 else { return }
        text += [fact.view.word.offset, fact.view.mask, fact.view.flip]
        text.append(UInt32(truncatingIfNeeded: fact.count))
        for interval in intervals[fact.first..<fact.first + fact.count] {
          text += [interval.lowest, interval.highest]
        }
      }
    }
  }

  private func forEachFact(of word: Int, _ body: (Fact) -> Void) {
    var next = Int(heads[word])
    while next >= 0 {
      body(facts[next])
      next = facts[next].next
    }
  }
}

extension PathConstraint {
  /// One call of the constraint; nil only when the steps are spent.
  mutating func witness() -> SeccompData? {
    var data = SeccompData(nr: 0, arch: 0)
    for word in SeccompData.Word.all {
      guard let value = find(word) else { return nil }
      data[word] = value
    }
    return data
  }

  /// A value of one word that everything known of it allows, or nil.
  private mutating func find(_ word: SeccompData.Word) -> UInt32? {
    let head = Int(heads[word.index])
    guard head >= 0 else { return 0 }
    if facts[head].next < 0 {
      guard facts[head].count > 0 else { return nil }
      let view = facts[head].view
      return (intervals[facts[head].first].lowest ^ view.flip) & view.mask
    }
    var groups: [WordSearch.Group] = []
    var next = head
    while next >= 0 {
      let fact = facts[next]
      groups.append(WordSearch.Group(view: fact.view, first: fact.first, count: fact.count))
      next = fact.next
    }
    guard groups.count <= WordSearch.mostGroups else {
      crowdedWord = word
      remainingSteps = -1
      return nil
    }
    var search = WordSearch(groups, intervals, limit: Swift.max(0, remainingSteps))
    let word = search.run()
    remainingSteps -= search.steps
    return word
  }
}
