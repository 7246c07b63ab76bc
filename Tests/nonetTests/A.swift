import Testing
@testable import nonet
@Test func a() { #expect(Bool(true)) }
