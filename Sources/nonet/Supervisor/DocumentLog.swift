/// The log as one file that is a complete JSON document at every moment.
///
/// Between the events and the end of the document lies room, filled with spaces, which JSON ignores. An
/// event is put there by one write inside one page, which the kernel does not interrupt; counts are
/// numbers of fixed width. Only when the room is used up is the file written anew and renamed.
///
/// The folder is opened once: nobody who may write in a folder of its path leads the document elsewhere.
/// The file is locked as long as the writer lives, so "running" can be told from a writer that was killed.
struct DocumentLog {
  static let page = 4096
  private static let countWidth = 12

  /// Where the document lies.
  let folder: PinnedFolder
  /// Its name there.
  let fileName: [UInt8]
  /// Documents of earlier runs in the folder whose writers were killed; they said "running" until now.
  let lost: [[UInt8]]
  private let path: [UInt8]
  private let newName: [UInt8]
  private var head: [UInt8]
  private var descriptor: CInt = -1
  /// Where the next event goes, and where the room ends.
  private var next = 0
  private var end = 0
  private var hasEvents = false
  /// Where the count of each event of the table is written; 0 for nowhere.
  private var places: [Int] = []
  /// Events whose count is old, by their indexes in the table, and whether each is among them.
  private var queue: [Int] = []
  private var isQueued: [Bool] = []
  private(set) var failure: SystemError?
  /// When a document that could not be written anew is tried again.
  private var retryDue = Timestamp(microseconds: 0)
  private static let retryInterval = 1_000_000

  /// Creates the document in a folder, which is made where it is not there.
  init(folder: [UInt8], _ head: LogHead) throws(SystemError) {
    let name =
      Array("nonet_".utf8) + head.started.textForName + Array("_\(head.process).json".utf8)
    fileName = name
    path = folder + Array("/".utf8) + name
    newName = Self.newName(of: name)
    self.folder = try TrustedPath.folder(folder, isMade: true)
    lost = LostDocuments.mark(in: self.folder)
    self.head = [UInt8(ascii: "{")] + head.members
    self.head.key(.events)
    self.head.append(UInt8(ascii: "["))
    try rebuild(EventTable(), pages: 16)
  }

  /// What a document is called while it is written anew.
  static func newName(of name: [UInt8]) -> [UInt8] {
    Array(".".utf8) + name + Array(".new".utf8)
  }

  /// The file's name, for a person.
  var name: String { String(decoding: safe(path), as: UTF8.self) }

  /// Where an event's count is written; 0 for nowhere.
  func place(of index: Int) -> Int { index < places.count ? places[index] : 0 }

  /// Adds an event, unless it is there.
  mutating func note(_ index: Int, _ table: EventTable) {
    if place(of: index) != 0 { return }
    let text = Self.text(table.events[index], isFirst: !hasEvents)
    let place = Self.place(for: text.count, at: next)
    if place + text.count > end {
      // A disk that is full is not asked again for every event.
      if failure != nil, Timestamp.now < retryDue { return }
      attempt { log throws(SystemError) in
        let pages = 2 * ((log.end - log.head.count) / Self.page + 1)
        try log.rebuild(table, pages: pages)
      }
      return
    }
    guard put(text, at: place) else { return }
    hasEvents = true
    next = place + text.count
    while places.count <= index { places.append(0) }
    places[index] = place + text.count - Self.countLength
  }

  /// Notes that the count of an event is old.
  mutating func queue(_ index: Int) {
    while isQueued.count <= index { isQueued.append(false) }
    if isQueued[index] { return }
    isQueued[index] = true
    queue.append(index)
  }

  /// Brings the counts of such events up to date.
  mutating func refreshQueue(_ table: EventTable) {
    for index in queue {
      let place = place(of: index)
      if place != 0 { _ = put(Self.counts(table.events[index]), at: place) }
      isQueued[index] = false
    }
    queue.removeAll(keepingCapacity: true)
  }

  /// How many attempts no event of the document tells, of the events that count.
  func untold(_ table: EventTable, where counts: (Event) -> Bool = { _ in true }) -> UInt64 {
    table.events.indices.reduce(0) { sum, index in
      let event = table.events[index]
      return sum + (place(of: index) == 0 && counts(event) ? event.count : 0)
    }
  }

  /// Brings the sums at the end of the document up to date.
  mutating func refreshSums(_ table: EventTable, _ ending: Ending = .running) {
    // Events that found no place in the document are told by nobody.
    _ = put(Self.tail(table, ending, untold: table.dropped + untold(table)), at: end)
  }

  /// Writes the document a last time, without the room.
  mutating func finish(_ table: EventTable, _ ending: Ending) {
    refreshSums(table, ending)
    let before = failure
    attempt { log throws(SystemError) in try log.rebuild(table, pages: 0, ending) }
    // The old document is as complete where it has every event; it only keeps its spaces.
    if before == nil, !table.events.indices.contains(where: { place(of: $0) == 0 }) {
      failure = nil
    }
    closeQuietly(descriptor)
    descriptor = -1
  }

  func close() { if descriptor >= 0 { closeQuietly(descriptor) } }

  // The text -------------------------------------------------------------------------------------

  private static func text(_ event: Event, isFirst: Bool) -> [UInt8] {
    Array(isFirst ? "\n".utf8 : ",\n".utf8) + event.json(since: event.first) + counts(event)
  }

  private static let countLength = 9 + countWidth + 9 + 27 + 2

  /// From the comma before the count to the end of the event.
  private static func counts(_ event: Event) -> [UInt8] {
    var json: [UInt8] = []
    json.key(.count)
    json.append(event.count, width: countWidth)
    json.member(.last, event.last)
    return json + [UInt8(ascii: "}")]
  }

  private static func tail(_ table: EventTable, _ ending: Ending, untold: UInt64) -> [UInt8] {
    var json = Array("\n]".utf8)
    json.key(.eventCount)
    json.append(table.total, width: countWidth)
    json.key(.attempts)
    json.append(table.attempts, width: countWidth)
    json.key(.dropped)
    json.append(untold, width: countWidth)
    json += status(ending)
    json.key(.exitCode)
    let code = Array((ending.exitCode.map { "\($0)" } ?? "null").utf8)
    json += Array(repeating: UInt8(ascii: " "), count: 5 - code.count)
    return json + code + Array("}\n".utf8)
  }

  /// The member with spaces behind it, so that each status is as long as the others.
  static func status(_ ending: Ending) -> [UInt8] {
    var text: [UInt8] = []
    text.member(.status, plain: ending.status)
    return text + [UInt8](repeating: UInt8(ascii: " "), count: 8 - ending.status.utf8.count)
  }

  /// The next place at which so many bytes do not cross from one page into another.
  private static func place(for count: Int, at next: Int) -> Int {
    let left = page - next % page
    return count <= left ? next : next + left
  }

  // The file -------------------------------------------------------------------------------------

  /// Writes the document anew and puts it in the place of the old one.
  ///
  /// - Parameters:
  ///   - table: The events.
  ///   - pages: The size of the room, 0 for a document that is finished.
  ///   - ending: How the command ended.
  /// - Throws: The errno of a step; the old document stays then.
  private mutating func rebuild(
    _ table: EventTable, pages: Int, _ ending: Ending = .running
  ) throws(SystemError) {
    // What has the name was left by a writer that was killed, or put there to be written to.
    do throws(SystemError) { try folder.remove(newName) } catch {}
    var file = BufferedFile(owning: try folder.create(newName))
    // Where the file system has no locks nobody can tell, and nothing else is lost.
    lock(file.number)
    var places = [Int](repeating: 0, count: table.events.count)
    do throws(SystemError) {
      try file.append(head)
      var isFirst = true
      for (index, event) in table.events.enumerated() {
        let text = Self.text(event, isFirst: isFirst)
        if pages > 0 { try file.fill(to: Self.place(for: text.count, at: file.count)) }
        try file.append(text)
        places[index] = file.count - Self.countLength
        isFirst = false
      }
      let used = file.count
      let roomEnd = pages > 0 ? (used / Self.page + 1 + pages) * Self.page : used
      try file.fill(to: roomEnd)
      try file.append(Self.tail(table, ending, untold: table.dropped))
      try file.flush()
      try folder.rename(newName, to: fileName)
      if descriptor >= 0 { closeQuietly(descriptor) }
      (descriptor, next, end) = (file.number, used, roomEnd)
      hasEvents = !isFirst
      self.places = places
    } catch {
      closeQuietly(file.number)
      do throws(SystemError) { try folder.remove(newName) } catch {}
      throw error
    }
  }

  private mutating func attempt(_ change: (inout DocumentLog) throws(SystemError) -> Void) {
    do throws(SystemError) {
      try change(&self)
    } catch {
      failure = error
      retryDue = Timestamp.now.later(Self.retryInterval)
    }
  }

  private mutating func put(_ bytes: [UInt8], at place: Int) -> Bool {
    do throws(SystemError) {
      try overwrite(bytes, in: descriptor, at: place)
      return true
    } catch {
      failure = error
      return false
    }
  }
}

/// A new file that is written in few writes.
private struct BufferedFile {
  let number: CInt
  private(set) var count = 0
  private var buffer: [UInt8] = []

  init(owning number: CInt) {
    self.number = number
  }

  mutating func append(_ bytes: [UInt8]) throws(SystemError) {
    buffer += bytes
    count += bytes.count
    if buffer.count >= 1 << 15 { try flush() }
  }

  /// Spaces up to a place.
  mutating func fill(to place: Int) throws(SystemError) {
    while count < place {
      try append([UInt8](repeating: UInt8(ascii: " "), count: min(place - count, 1 << 14)))
    }
  }

  mutating func flush() throws(SystemError) {
    try writeAll(buffer, to: number)
    buffer.removeAll(keepingCapacity: true)
  }
}
