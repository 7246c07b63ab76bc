import BPFAssembler
import Testing

/// The kernel as the second witness of everything this room claims.
@Suite(.enabled(if: Kernel.takesFilters, "this system lets no process install a filter"))
struct KernelTests {
  @Test func theInstrumentWorks() throws {
    // Without a filter the call works; with one that allows it still does; then it does not.
    let getppid = Kernel.call(nr: Kernel.getppid, [])
    let parent = try Kernel.answers(to: [getppid], filter: nil)
    guard case .result(let pid) = parent[0], pid > 0 else {
      Issue.record("getppid answered \(parent)")
      return
    }
    #expect(try Kernel.answers(to: [getppid], filter: program("ret #0x7fff0000")) == parent)
    #expect(try Kernel.answers(to: [getppid], filter: program("ret #0x5000d")) == [.result(-13)])
    #expect(try Kernel.answers(to: [getppid], filter: program("ret #0x50000")) == [.result(0)])
    #expect(
      try Kernel.answers(to: [getppid, getppid], filter: program("ret #0")) == [.killed, .killed])
    // 22 is EINVAL: a refusal is told from an acceptance.
    #expect(try Kernel.refusal(of: []) == 22)
    #expect(try Kernel.refusal(of: program("ret #0").rawInstructions) == 0)
  }

  @Test(arguments: codeChecks + kernelChecks)
  func theKernelAgrees(_ check: KernelCheck) throws {
    #expect(try check.differences() == [])
  }

  private func program(_ text: String) throws -> Program { try Program(text: Array(text.utf8)) }
}
