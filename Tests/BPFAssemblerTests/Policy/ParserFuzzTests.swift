import Testing

/// Bytes that nobody meant as a policy; `LongRunTests` tries a million.
@Suite struct ParserFuzzTests {
  @Test func noBytesTrapTheParser() {
    let random = Seeded(12)
    var texts = RandomText(random)
    var accepted = 0
    let count = 20_000
    for _ in 0..<count {
      switch RandomText.result(of: texts.text()) {
      case .accepted: accepted += 1
      case .refused: break
      case .fault(let fault): Issue.record("\(random.testDescription): \(fault)")
      }
    }
    print("\(count) texts, \(accepted) of them policies")
    #expect(accepted > 0 && accepted < count, "\(random.testDescription)")
  }
}
