import BPFAssembler
import Testing

@testable import nonet

@Suite struct LayersTests {
  private func layers(_ line: String) throws -> (Layers, [PolicyDiagnostic]) {
    let parsed = try Policy.parse(Array("default allow\n\(line)\n".utf8))
    var errors: [PolicyDiagnostic] = []
    return (Layers(parsed.layers, &errors), errors)
  }

  @Test(arguments: [
    ("", false, true), ("layers landlock, descriptors", false, true),
    ("layers namespace, landlock, descriptors", true, true),
    // A forgotten word takes nothing away.
    ("layers namespace", true, true), ("layers descriptors", false, true),
    ("layers none", false, false),
  ])
  func words(line: String, hasNamespace: Bool, hasOthers: Bool) throws {
    let (layers, errors) = try layers(line)
    #expect(errors.isEmpty && layers.hasNamespace == hasNamespace)
    #expect(layers.hasLandlock == hasOthers && layers.hasDescriptors == hasOthers)
    #expect(layers.hasCapabilities == hasOthers && !layers.hasSettings)
  }

  @Test func everyWrongWordIsAnErrorWithItsPlace() throws {
    let (_, errors) = try layers("layers landlok, none, @network, namespace, Landlock")
    #expect(errors.map { $0.column } == [8, 17, 23, 44])
    #expect(errors.allSatisfy { $0.line == 2 && $0.severity == .error })
    #expect(errors[0].message.contains("did you mean 'landlock'"))
  }

  @Test(arguments: Preset.allCases)
  func aPresetAndACopyOfItAskForTheSame(_ preset: Preset) throws {
    let (short, long) = (try preset.layers(), try Policy.parse(preset.text).layers)
    #expect(short?.map { $0.text } == long?.map { $0.text })
    var errors: [PolicyDiagnostic] = []
    #expect(Layers(short, &errors) == Layers(long, &errors) && errors.isEmpty)
    #expect(Layers(long, &errors).hasNamespace == (preset == .loopback))
    #expect(Layers(long, &errors).hasSettings == (preset == .strict))
  }
}

/// Which policies let the network be reached.
@Suite struct IPSocketsTests {
  private func way(_ text: String) throws -> String? {
    let policy = try Policy.parse(Array(text.utf8)).policy
    return IPSockets.way { !policy.verdict(of: $0, native: .host).refuses }
  }

  @Test(arguments: Preset.allCases)
  func presets(_ preset: Preset) throws {
    let policy = try Policy.parse(preset.text).policy
    let way = IPSockets.way { !policy.verdict(of: $0, native: .host).refuses }
    #expect(way == (preset == .loopback ? "socket" : nil))
  }

  private static let closed = """
    default allow
    deny socket, socketpair if domain in { AF_INET, AF_INET6 }
    deny socketcall
    deny @io_uring with ENOSYS

    """

  @Test func eachWayIsFound() throws {
    #expect(try way(Self.closed) == nil)
    #expect(try way("default deny\nallow connect, sendto") == nil)
    #expect(try way("default allow") == "socket")
    for line in [
      "allow socket if domain == AF_INET6", "allow socket if type & 0xf == SOCK_DGRAM",
      "allow socket if type == 0x80001", "allow socket if protocol == 255",
      "log socket if domain == AF_INET",
    ] {
      #expect(try way("\(line)\n" + Self.closed) == "socket", "\(line)")
    }
    #expect(try way("allow io_uring_setup\n" + Self.closed) == "io_uring_setup")
  }

  @Test func otherABIsAreAskedToo() throws {
    guard Architecture.host == .x86_64 else { return }
    #expect(try way("x32 allow\n" + Self.closed) == "socket on x32")
    #expect(try way("foreign allow\n" + Self.closed) == "socket on i386")
    #expect(try way("allow socketcall\n" + Self.closed) == "socketcall on i386")
  }
}
