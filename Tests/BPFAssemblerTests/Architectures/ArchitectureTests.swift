import BPFAssembler
import Testing

@Suite struct ArchitectureTests {
  @Test func auditValuesAreTheKernels() {
    #expect(
      Architecture.allCases.map(\.auditValue) == [
        0xc000_003e, 0x4000_0003, 0xc000_00b7, 0x4000_0028,
      ])
  }

  @Test func auditValuesSayTheWidth() {
    for architecture in Architecture.allCases {
      #expect(architecture.is32Bit == (architecture.auditValue & 0x8000_0000 == 0))
    }
  }

  @Test func namesLeadBack() {
    #expect(Architecture.allCases.map(\.name) == ["x86_64", "i386", "aarch64", "arm"])
    for architecture in Architecture.allCases {
      #expect(Architecture(named: architecture.name) == architecture)
      #expect("\(architecture)" == architecture.name)
    }
    #expect(Architecture(named: "riscv64") == nil)
    #expect(Architecture(named: "") == nil)
  }

  @Test func onlyNativesHaveACompanion() {
    #expect(Architecture.natives == [.x86_64, .aarch64])
    #expect(Architecture.allCases.map(\.compat) == [.i386, nil, .arm, nil])
    for architecture in Architecture.allCases {
      #expect(architecture.is32Bit == (architecture.compat == nil))
    }
  }

  @Test(arguments: Architecture.allCases)
  func newestNumberIsKnownAndTheNextIsNot(_ architecture: Architecture) {
    #expect(architecture.newestNumber == 471)
    #expect(Syscall.at(number: architecture.newestNumber, on: architecture) != nil)
    #expect(Syscall.at(number: architecture.newestNumber + 1, on: architecture) == nil)
  }

  @Test func privateNumbersAreKnownFromEndToEnd() {
    #expect(Architecture.arm.privateNumbers == 0xf0001...0xf0006)
    #expect(Syscall.at(number: 0xf0000, on: .arm) == nil)
    let names = (UInt32(0xf0001)...0xf0006).map { Syscall.at(number: $0, on: .arm)?.name }
    #expect(names == ["breakpoint", "cacheflush", "usr26", "usr32", "set_tls", "get_tls"])
    #expect(Syscall.at(number: 0xf0007, on: .arm) == nil)
    for architecture in Architecture.allCases where architecture != .arm {
      #expect(architecture.privateNumbers == nil)
      #expect(Syscall.at(number: 0xf0001, on: architecture) == nil)
    }
  }

  @Test func x32EndsBelowTheSkippedNumber() {
    #expect(Architecture.x86_64.x32Numbers == 0x4000_0000...0xffff_fffe)
    #expect(Architecture.allCases.filter { $0.x32Numbers != nil } == [.x86_64])
    #expect(Architecture.skippedNumber == 0xffff_ffff)
    for architecture in Architecture.allCases {
      #expect(Syscall.at(number: Architecture.skippedNumber, on: architecture) == nil)
      #expect(Syscall.at(number: 0x4000_0000, on: architecture) == nil)
      #expect(architecture.x32TableNumbers?.contains { $0 <= architecture.newestNumber } != true)
    }
    #expect(Architecture.x86_64.x32TableNumbers == 512...547)
  }
}
