import BPFAssembler
import Testing

@testable import nonet

@Suite struct InheritedSocketsTests {
  static let stream: UInt32 = 1
  static let datagram: UInt32 = 2
  static let seqpacket: UInt32 = 5
  static let unix: UInt32 = 1
  static let inet: UInt32 = 2
  static let netlink: UInt32 = 16

  /// Row 16 of the table of ways out: which sockets stay at 3 and above, by preset.
  @Test(arguments: [
    (Preset.default, unix, stream, true), (.default, unix, seqpacket, true),
    (.default, unix, datagram, false), (.default, inet, stream, false),
    (.default, netlink, datagram, false),
    (.strict, unix, stream, false), (.strict, inet, stream, false),
    (.unix, unix, datagram, true), (.unix, inet, stream, false), (.unix, netlink, datagram, false),
    (.loopback, unix, stream, true), (.loopback, unix, datagram, false),
    (.loopback, inet, stream, false),
  ])
  func presets(preset: Preset, domain: UInt32, type: UInt32, stays: Bool) throws {
    #expect(try Self.byFilter(preset).keep(domain: domain, type: type) == stays)
    // What the filter lets be made must be what the text lets be made.
    let policy = try Policy.parse(preset.text).policy
    let byPolicy = InheritedSockets(policy, hasNamespace: preset == .loopback)
    #expect(byPolicy.keep(domain: domain, type: type) == stays)
  }

  private static func byFilter(_ preset: Preset) throws -> InheritedSockets {
    let filter = try #require(preset.provenFilter(for: .host, deniesDebug: false))
    return InheritedSockets(filter, hasNamespace: preset == .loopback)
  }

  @Test func streamsMayAlwaysBeStandard() throws {
    for preset in Preset.allCases {
      let sockets = try Self.byFilter(preset)
      #expect(sockets.keepAsStandard(domain: Self.unix, type: Self.stream))
      #expect(!sockets.keepAsStandard(domain: Self.inet, type: Self.stream))
    }
  }

  @Test func anOwnPolicyKeepsWhatItLetsMake() throws {
    let policy = try Policy.parse(Array("default allow\ndeny ioctl\n".utf8)).policy
    let sockets = InheritedSockets(policy, hasNamespace: false)
    #expect(sockets.keep(domain: Self.inet, type: Self.stream))
    #expect(!sockets.keep(domain: Self.netlink, type: Self.datagram))
    let inside = InheritedSockets(policy, hasNamespace: true)
    #expect(!inside.keep(domain: Self.inet, type: Self.stream))
  }
}
