import BPFAssembler
import Testing

@testable import nonet

/// What another process wrote is any bytes at all.
@Suite struct DecodingTests {
  private static let names = SocketNames()

  private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

  @Test func addresses() {
    let four: [UInt8] = [2, 0, 1, 187, 93, 184, 216, 34, 0, 0, 0, 0, 0, 0, 0, 0]
    #expect(
      SocketAddress(four) == .internet(address: "93.184.216.34", port: 443, isVersion6: false))
    #expect(SocketAddress(Array(four[..<8])) == SocketAddress(four))
    #expect(SocketAddress(Array(four[..<7])) == .other(family: 2))
    #expect(SocketAddress([2]) == nil && SocketAddress([]) == nil)
    #expect(SocketAddress([1, 0]) == .unix(name: [], isAbstract: false))
    #expect(SocketAddress([1, 0, 0]) == .unix(name: [], isAbstract: true))
    #expect(SocketAddress([1, 0, 0, 65, 0]) == .unix(name: [65, 0], isAbstract: true))
    #expect(SocketAddress([1, 0, 47, 65, 0, 66]) == .unix(name: [47, 65], isAbstract: false))
    #expect(SocketAddress([16, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0]) == .other(family: 16))
    #expect(SocketAddress([0xff, 0xff, 1]) == .other(family: 0xffff))
  }

  @Test(arguments: [
    ([0, 0, 0, 0, 0, 0, 0, 0], "::"), ([0, 0, 0, 0, 0, 0, 0, 1], "::1"),
    ([0x2001, 0xdb8, 0, 0, 0, 0, 0, 1], "2001:db8::1"), ([1, 0, 0, 0, 0, 0, 0, 0], "1::"),
    ([1, 0, 0, 2, 0, 0, 0, 3], "1:0:0:2::3"), ([1, 0, 0, 2, 3, 0, 0, 4], "1::2:3:0:0:4"),
    ([1, 0, 2, 3, 4, 5, 6, 7], "1:0:2:3:4:5:6:7"), ([1, 2, 3, 4, 5, 6, 7, 8], "1:2:3:4:5:6:7:8"),
    ([0, 0, 0, 0, 0, 0xffff, 0x102, 0x304], "::ffff:1.2.3.4"),
  ])
  func version6(groups: [Int], expected: String) {
    let bytes: [UInt8] =
      [10, 0, 0, 53, 0, 0, 0, 0] + groups.flatMap { [UInt8($0 >> 8), UInt8($0 & 255)] }
    #expect(SocketAddress(bytes) == .internet(address: expected, port: 53, isVersion6: true))
  }

  @Test func textIsSafeAndDistinct() {
    #expect(Self.text(safe(Array("curl é 漢".utf8))) == "curl é 漢")
    #expect(Self.text(safe([0x1b, 0x5b, 0x0a, 0x7f, 0x5c, 0xff])) == "\\x1b[\\x0a\\x7f\\x5c\\xff")
    // Overlong, a surrogate, beyond the last plane, cut off; C1, right-to-left, zero width.
    for bytes: [UInt8] in [
      [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xe2, 0x82], [0xc2, 0x9b],
      [0xe2, 0x80, 0xae], [0xe2, 0x80, 0x8b], [0x80],
    ] {
      #expect(
        safe(bytes) == bytes.flatMap { Array("\\x".utf8) + Array(String($0, radix: 16).utf8) })
    }
    var generator = SystemRandomNumberGenerator()
    for _ in 0..<2000 {
      let bytes = (0..<Int.random(in: 0...12)).map { _ in
        UInt8.random(in: 0...255, using: &generator)
      }
      let shown = safe(bytes)
      #expect(String(validating: shown, as: UTF8.self) != nil)
      #expect(!shown.contains { $0 < 0x20 || $0 == 0x7f })
    }
  }

  private static func message(_ labels: [[UInt8]], type: UInt8 = 1, flags: UInt8 = 1) -> [UInt8] {
    [0, 7, flags, 0, 0, 1, 0, 0, 0, 0, 0, 0]
      + labels.flatMap { [UInt8($0.count)] + $0 } + [0, 0, type, 0, 1]
  }

  @Test func questions() {
    let query = Self.message([Array("www".utf8), Array("example".utf8)], type: 28)
    let decoded = DNSQuery(query, hasLength: false)
    #expect(decoded.map { Self.text($0.name) } == "www.example" && decoded?.type == "AAAA")
    #expect(DNSQuery([0, UInt8(query.count)] + query, hasLength: true) == decoded)
    #expect(DNSQuery(Self.message([[65]], flags: 0x81), hasLength: false) == nil)  // an answer
    #expect(DNSQuery(Self.message([]), hasLength: false)?.name == [0x2e])
    #expect(
      DNSQuery(
        Self.message([[UInt8]](repeating: [UInt8](repeating: 65, count: 63), count: 5)),
        hasLength: false) == nil)
    var pointer = query
    pointer[12] = 0xc0
    #expect(DNSQuery(pointer, hasLength: false) == nil)
    for length in 0..<query.count {
      #expect(DNSQuery(Array(query[..<length]), hasLength: false) == nil)
    }
  }

  @Test func anyBytes() {
    var generator = SystemRandomNumberGenerator()
    for _ in 0..<20_000 {
      var bytes = (0..<Int.random(in: 0...140)).map { _ in
        UInt8.random(in: 0...255, using: &generator)
      }
      if bytes.count > 6 { (bytes[2], bytes[5]) = (1, 1) }
      _ = DNSQuery(bytes, hasLength: .random())
      if bytes.count > 2, .random() { (bytes[0], bytes[1]) = ([1, 2, 10, 16].randomElement()!, 0) }
      _ = SocketAddress(bytes)?.label
    }
  }

  /// Every kind of call over memory that answers anything or nothing gives one well-formed object.
  @Test func callsOverHostileMemory() {
    var generator = SystemRandomNumberGenerator()
    let kinds = CallKinds()
    let numbers: [(UInt32, UInt32)] =
      Architecture.allCases.flatMap { architecture in
        [
          "socket", "socketpair", "connect", "bind", "sendto", "sendmsg", "sendmmsg", "socketcall",
          "ptrace",
        ]
        .compactMap { Syscall(named: $0)?.number(on: architecture) }
        .map { (architecture.auditValue, $0) }
      } + [(0xc000_003e, 0x4000_0029), (0xdead_beef, 1), (0xc000_003e, 0xffff_ffff)]
    let some: [UInt64] = [0, 1, 2, 15, 16, 128, 129, 0x7fff_ffff, 0xffff_ffff, 1 << 63, .max]
    for _ in 0..<20_000 {
      let (arch, number) = numbers.randomElement(using: &generator)!
      var arguments = SIMD8<UInt64>.zero
      for index in 0..<6 { arguments[index] = some.randomElement(using: &generator)! }
      let call = Call(arch: arch, number: number, arguments: arguments)
      let kind = kinds.kind(of: call)
      let evidence = Evidence(call, kind, wantsPayload: .random()) { address, count in
        #expect(count > 0 && count <= DNSQuery.mostBytes)
        if address & 1 == 0 { return nil }
        return (0..<count).map { _ in UInt8.random(in: 0...3, using: &generator) }
      }
      let text = CallText(call, kind, evidence, Self.names)
      #expect(JSON.isValid(text.arguments), "\(Self.text(text.arguments))")
      #expect(text.arguments.first == UInt8(ascii: "{") && text.arguments.count < 3000)
      #expect(!text.label.contains { $0 < 0x20 } && !text.api.isEmpty)
    }
  }

  @Test func moments() {
    let known: [(Int, String)] = [
      (0, "1970-01-01T00:00:00.000000Z"), (951_782_400_000_001, "2000-02-29T00:00:00.000001Z"),
      (1_709_251_199_999_999, "2024-02-29T23:59:59.999999Z"),
      (4_107_542_400_000_000, "2100-03-01T00:00:00.000000Z"),
      (1_798_761_599_000_000, "2026-12-31T23:59:59.000000Z"),
    ]
    for (microseconds, expected) in known {
      #expect(Self.text(Timestamp(microseconds: microseconds).text) == expected)
    }
  }
}
