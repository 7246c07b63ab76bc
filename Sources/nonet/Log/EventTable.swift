/// One kind of attempt and how often it was made.
struct Event {
  /// From `"pid":` to the errno: what identical attempts have in common.
  let body: [UInt8]
  fileprivate let hash: UInt64
  /// Where the name of the thread stands in `body`.
  let nameRange: Range<Int>
  /// What was asked for, for a person.
  let label: [UInt8]
  /// Whether it is no attempt in the words for people: how a program finds out what there is, or a
  /// connect that was let through.
  let isProbe: Bool
  /// How much it tells of what a run wanted.
  let weight: Weight
  /// What would have let it go on, for a person, where that is known.
  let advice: String?
  let first: Timestamp
  fileprivate(set) var last: Timestamp
  fileprivate(set) var count: UInt64 = 0

  /// An event that no attempt counts for yet.
  init(
    _ body: [UInt8], nameRange: Range<Int>, label: [UInt8], isProbe: Bool, _ weight: Weight,
    advice: String?, at moment: Timestamp
  ) {
    (self.body, hash, self.nameRange) = (body, EventTable.hash(body), nameRange)
    (self.label, self.isProbe, self.weight, self.advice) = (label, isProbe, weight, advice)
    (first, last) = (moment, moment)
  }
}

extension Event {
  /// What is named first where one attempt stands for all, in this order.
  enum Weight: UInt8, Comparable {
    /// An address of IPv4 or IPv6.
    case destination
    /// A socket of IPv4.
    case internet
    /// A socket of IPv6, which many programs make only to see whether they can.
    case internet6
    case unix
    case other

    static func < (left: Weight, right: Weight) -> Bool { left.rawValue < right.rawValue }
  }
}

/// All events of a run, each once; bounded, and what does not fit is counted.
///
/// Half of the room is for attempts alone: each program that a test suite starts may look for its user's name.
///
/// Not a Dictionary: its hashing asks for entropy, and dies where an outer sandbox gives none.
struct EventTable {
  static let mostEvents = 4096
  static let mostBytes = 1_150_000

  private(set) var events: [Event] = []
  /// Attempts that found no room.
  private(set) var dropped: UInt64 = 0
  /// Those of them that count as such in the words for people.
  private(set) var droppedAttempts: UInt64 = 0
  /// All attempts, dropped ones too.
  private(set) var total: UInt64 = 0
  /// Those of them that count as such in the words for people.
  private(set) var attempts: UInt64 = 0
  private var bytes = 0
  /// Indexes into `events` plus one; twice as many places as there can be events.
  private var places = [UInt16](repeating: 0, count: 2 * EventTable.mostEvents)

  /// Begins with room for all events: an array that grows holds its old and its new room at once.
  init() { events.reserveCapacity(Self.mostEvents) }

  /// Counts one more attempt of a kind that is known by its index.
  mutating func repeated(_ index: Int, at moment: Timestamp) {
    total += 1
    if !events[index].isProbe { attempts += 1 }
    events[index].count += 1
    events[index].last = moment
  }

  /// The event of attempts that have this in common, where there is one.
  func index(of body: [UInt8]) -> Int? {
    let place = places[place(of: body, Self.hash(body))]
    return place == 0 ? nil : Int(place) - 1
  }

  /// Where the index of such an event stands in `places`, or would.
  private func place(of body: [UInt8], _ hash: UInt64) -> Int {
    var place = Int(truncatingIfNeeded: hash) & (places.count - 1)
    while places[place] != 0 {
      let event = events[Int(places[place]) - 1]
      if event.hash == hash, event.body == body { break }
      place = (place + 1) & (places.count - 1)
    }
    return place
  }

  /// Counts an attempt.
  ///
  /// - Parameter event: What it is.
  /// - Returns: The index of the event in the table, or `nil` where there is no room for one more.
  mutating func add(_ event: Event) -> Int? {
    let place = place(of: event.body, event.hash)
    if places[place] != 0 {
      let index = Int(places[place]) - 1
      repeated(index, at: event.first)
      return index
    }
    // What an event takes beside its text.
    let size = event.body.count + event.label.count + 256
    let share = event.isProbe ? 2 : 1
    guard events.count < Self.mostEvents / share, bytes + size <= Self.mostBytes / share else {
      total += 1
      dropped += 1
      if !event.isProbe {
        attempts += 1
        droppedAttempts += 1
      }
      return nil
    }
    bytes += size
    events.append(event)
    places[place] = UInt16(events.count)
    repeated(events.count - 1, at: event.first)
    return events.count - 1
  }

  /// FNV-1a, eight bytes at a time at most: collisions cost time and nothing else.
  fileprivate static func hash(_ bytes: [UInt8]) -> UInt64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    return hash ^ hash >> 32
  }
}
