/// The log of a run that nonet has supervised itself: handed over as it was counted, not read from a file.
extension RunLog {
  /// Makes the log.
  ///
  /// - Parameters:
  ///   - head: What began the run.
  ///   - table: What was tried. Times and counts are taken as they are; who tried what stands there as members of JSON,
  ///     and is read as it would be from a file.
  ///   - ending: How the command ended.
  ///   - ended: And when.
  init(_ head: LogHead, _ table: EventTable, _ ending: Ending, at ended: Timestamp) {
    var run = Self.object(head.members).map { LoggedRun($0) } ?? LoggedRun()
    run.status = ending.status
    run.exitCode = ending.exitCode.map { Int($0) }
    run.ended = ended
    dropped = Int(clamping: table.dropped)
    for event in table.events.sorted(by: { $0.first < $1.first }) {
      guard let value = Self.object(event.body), var logged = LoggedEvent(value) else {
        unreadable += 1
        continue
      }
      if logged.program.name.isEmpty { logged.program.name = run.name }
      (logged.first, logged.last) = (event.first, event.last)
      logged.count = Int(clamping: event.count)
      events.append(logged)
    }
    runs = [run]
  }

  private static func object(_ members: [UInt8]) -> JSONValue? {
    do throws(JSONError) {
      return try JSONDocument([UInt8(ascii: "{")] + members + [UInt8(ascii: "}")]).root
    } catch {
      return nil
    }
  }
}
