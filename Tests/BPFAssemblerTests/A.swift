import Testing
@testable import BPFAssembler
@Test func a() { #expect(hello() == "hello") }
