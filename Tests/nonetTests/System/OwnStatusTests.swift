import Glibc
import Testing

@testable import nonet

@Suite struct OwnStatusTests {
  private static func status(_ lines: String...) -> OwnStatus {
    OwnStatus(Array((["Name:\tx"] + lines).joined(separator: "\n").utf8))
  }

  /// One number, and ours: anything else is another namespace's procfs, or tells nothing.
  @Test func numbers() {
    let own = getpid()
    #expect(Self.status("NSpid:\t\(own)").hasOurNumbers)
    #expect(Self.status("Pid:\t\(own)").hasOurNumbers)
    #expect(!Self.status("Pid:\t\(own)", "NSpid:\t\(own)\t\(own)").hasOurNumbers)
    for line in [
      "NSpid:\t\(own)\t\(own)", "NSpid:\t\(own)\t1", "NSpid:\t\(own + 1)", "NSpid:", "NSpid:\tx",
      "NStgid:\t\(own)", "PPid:\t\(own)",
    ] {
      #expect(!Self.status(line).hasOurNumbers, "\(line)")
    }
  }

  @Test func filters() {
    #expect(Self.status().seccompMode == nil)
    let filtered = Self.status("Seccomp:\t2", "Seccomp_filters:\t1")
    #expect(filtered.seccompMode == 2 && filtered.countsFilters)
    #expect(!Self.status("Seccomp:\t2").countsFilters)
  }

  @Test func thisProcess() {
    #expect(ProcMount.here == .ours)
    #expect(OwnStatus()?.hasOurNumbers == true)
  }
}
