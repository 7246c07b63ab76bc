import BPFAssembler
import Testing

@Suite struct NearestTests {
  private func nearestCall(_ name: String) -> String? {
    nearestName(to: name.utf8, among: Syscall.all.lazy.map(\.name))
  }

  /// Each kind of slip: left out, put in, put for another, swapped, other case, exact.
  @Test(
    arguments: [
      ("conect", "connect"), ("sockett", "socket"), ("sokcet", "socket"), ("sozket", "socket"),
      ("SOCKET", "socket"), ("socket", "socket"), ("io_uring_setp", "io_uring_setup"),
      ("recvmsgg", "recvmsg"), ("openta", "openat"), ("bnd", "bind"), ("kexecload", "kexec_load"),
    ])
  func findsTheCallThatWasMeant(_ typed: String, _ meant: String) {
    #expect(nearestCall(typed) == meant)
  }

  @Test(arguments: ["", "q", "xyzzy", "supercalifragilistic", "1234567"])
  func findsNothingFarAway(_ typed: String) {
    #expect(nearestCall(typed) == nil)
  }

  @Test func findsConstantsErrnosAndOptions() {
    #expect(
      nearestName(to: "AF_INTE".utf8, among: NamedConstant.all.map(\.name)) == "AF_INET")
    #expect(nearestName(to: "EACESS".utf8, among: Errno.allNames) == "EACCES")
    let options = ["--policy", "--loopback", "--deny", "--allow", "--dump-bpf"]
    #expect(nearestName(to: "--polcy".utf8, among: options) == "--policy")
    #expect(nearestName(to: "--dumpbpf".utf8, among: options) == "--dump-bpf")
  }

  @Test func theFirstOfEquallyNearWins() {
    #expect(nearestName(to: "cat".utf8, among: ["bat", "hat"]) == "bat")
    #expect(nearestName(to: "cat".utf8, among: ["bath", "hat"]) == "hat")
    #expect(nearestName(to: "cat".utf8, among: [""]) == nil)
    #expect(nearestName(to: "cat".utf8, among: [String]()) == nil)
  }

  /// A third of the longer length is near, one edit more is not.
  @Test func theCutoffIsAThird() {
    #expect(nearestName(to: "abcdef".utf8, among: ["abcdxy"]) == "abcdxy")
    #expect(nearestName(to: "abcdef".utf8, among: ["abcxyz"]) == nil)
    #expect(nearestName(to: "a".utf8, among: ["b"]) == nil)
    #expect(nearestName(to: "ab".utf8, among: ["ac"]) == "ac")
  }

  @Test func inputAbove64BytesIsIgnored() {
    func letters(_ count: Int) -> String { String(repeating: "a", count: count) }
    for length in 63...66 {
      let found = nearestName(to: letters(length).utf8, among: [letters(64)])
      #expect((found != nil) == (length <= 64))
    }
    #expect(nearestName(to: letters(64).utf8, among: [letters(65)]) == nil)
    #expect(nearestName(to: letters(1_000_000).utf8, among: [letters(64)]) == nil)
  }
}
