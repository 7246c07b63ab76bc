import Testing

@testable import nonet

@Suite struct EventTableTests {
  private func body(_ number: Int, size: Int = 0) -> [UInt8] {
    Array("\"pid\":\(number)".utf8) + [UInt8](repeating: 0x78, count: size)
  }

  @discardableResult
  private func add(
    _ table: inout EventTable, _ body: [UInt8], isProbe: Bool = false, at time: Int = 1
  ) -> Int? {
    table.add(
      Event(
        body, nameRange: 0..<0, label: [], isProbe: isProbe, .other, advice: nil,
        at: Timestamp(microseconds: time)))
  }

  @Test func identicalAttemptsAreOneEvent() {
    var table = EventTable()
    for time in 1...1000 { add(&table, body(7), at: time) }
    add(&table, body(8), at: 2000)
    #expect(table.events.map { $0.count } == [1000, 1])
    #expect(table.events[0].first.microseconds == 1 && table.events[0].last.microseconds == 1000)
    #expect((table.total, table.dropped) == (1001, 0))
  }

  @Test func probesAreEventsAndNoAttempts() {
    var table = EventTable()
    for (number, isProbe) in [(1, true), (2, false), (1, true), (2, false), (3, true)] {
      add(&table, body(number), isProbe: isProbe)
    }
    #expect((table.total, table.attempts) == (5, 2))
  }

  @Test func probesLeaveHalfOfTheRoom() {
    var table = EventTable()
    let half = EventTable.mostEvents / 2
    for number in 0..<half { #expect(add(&table, body(number), isProbe: true) == number) }
    #expect(add(&table, body(-1), isProbe: true) == nil)
    #expect(add(&table, body(1), isProbe: true) == 1)
    for number in half..<2 * half { #expect(add(&table, body(number)) == number) }
    #expect(add(&table, body(-2)) == nil)
    #expect((table.dropped, table.attempts) == (2, UInt64(half) + 1))
    #expect(table.droppedAttempts == 1)
  }

  @Test func firstAndLast() {
    var table = EventTable()
    add(&table, body(1), at: 5)
    table.repeated(0, at: Timestamp(microseconds: 9))
    table.repeated(0, at: Timestamp(microseconds: 12))
    let event = table.events[0]
    #expect(event.count == 3)
    #expect((event.first.microseconds, event.last.microseconds) == (5, 12))
  }

  @Test func exactlySoManyEvents() {
    var table = EventTable()
    for number in 0..<EventTable.mostEvents - 1 { #expect(add(&table, body(number)) == number) }
    #expect(add(&table, body(5)) == 5)
    #expect(add(&table, body(-1)) == EventTable.mostEvents - 1)
    #expect(add(&table, body(-2)) == nil)
    #expect(add(&table, body(5)) == 5)
    #expect(table.events.count == EventTable.mostEvents)
    #expect((table.total, table.dropped) == (UInt64(EventTable.mostEvents) + 3, 1))
    #expect(table.events.reduce(0) { $0 + $1.count } + table.dropped == table.total)
  }

  @Test func exactlySoManyBytes() {
    var table = EventTable()
    var sum = 0
    var number = 0
    while add(&table, body(number, size: 3000)) != nil {
      sum += body(number, size: 3000).count + 256
      number += 1
    }
    #expect(sum <= EventTable.mostBytes && sum + 3400 > EventTable.mostBytes)
    #expect(table.dropped == 1)
  }

  /// FNV is no secret: bodies whose hashes share a place must still be told apart.
  @Test func manyBodiesOfOnePlace() {
    var table = EventTable()
    var generator = SystemRandomNumberGenerator()
    var expected: [[UInt8]: UInt64] = [:]
    for _ in 0..<20_000 {
      let one = body(Int.random(in: 0..<3000, using: &generator))
      expected[one, default: 0] += 1
      add(&table, one)
    }
    #expect(table.events.count == expected.count)
    for event in table.events { #expect(expected[event.body] == event.count) }
  }
}
