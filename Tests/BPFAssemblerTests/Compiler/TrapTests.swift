import BPFAssembler
import Testing

/// The mistakes that filter compilers are known for, each by its name.
@Suite struct TrapTests {
  /// A policy's program, and the calls that were tried on it.
  private final class Trap {
    let compiled: CompiledPolicy
    private var calls: [SystemCall] = []

    init(_ compiled: CompiledPolicy) {
      self.compiled = compiled
    }

    var program: Program { compiled.program }

    func note(_ call: SystemCall) { calls.append(call) }

    /// Makes the calls once more, for real.
    func expectKernelAgrees() throws {
      guard Kernel.takesFilters else {
        print("not tried on the kernel: this system lets no process install a filter")
        return
      }
      let agreement = try KernelAgreement(
        of: program, with: compiled.policy, native: compiled.architecture, on: calls)
      #expect(agreement.faults == [])
      #expect(agreement.calls > 0)
    }
  }

  private static let native = KernelWitness.native ?? .x86_64

  private func compiled(_ lines: String...) throws -> Trap {
    let text = "default allow\n" + lines.joined(separator: "\n")
    return Trap(
      try CompiledPolicy(try Policy.parse(Array(text.utf8)).policy, for: Self.native))
  }

  /// Runs a call, after making sure that the reference meaning says the same.
  private func answer(
    _ trap: Trap, _ name: String, _ arguments: UInt64..., on architecture: Architecture? = nil
  ) throws -> Verdict {
    let call = try call(name, arguments, on: architecture ?? Self.native)
    #expect(trap.compiled.agrees(on: call), "\(call)")
    trap.note(call)
    return trap.compiled.policy.verdict(of: call, native: Self.native)
  }

  @Test func orderedComparisonsThatDifferInTheHighWordOnly() throws {
    let filter = try compiled(
      "deny read if count > 0x100000005 with EPERM", "deny read if count > 0x5 with EIO")
    let cases: [(UInt64, Verdict)] = [
      (0, .allow), (5, .allow), (6, .deny(Errno(named: "EIO"))),
      (0x1_0000_0000, .deny(Errno(named: "EIO"))), (0x1_0000_0005, .deny(Errno(named: "EIO"))),
      (0x1_0000_0006, .deny(.eperm)), (0x2_0000_0000, .deny(.eperm)), (.max, .deny(.eperm)),
    ]
    for (count, verdict) in cases {
      #expect(try answer(filter, "read", 0, 0, count) == verdict, "\(count)")
    }
    try filter.expectKernelAgrees()
  }

  @Test func rangesBetweenHighWords() throws {
    let filter = try compiled("deny read if count >= 0x1ffffffff and count <= 0x300000000")
    for high in 0...4 as ClosedRange<UInt64> {
      for low in [0, 1, 0xffff_fffe, 0xffff_ffff] as [UInt64] {
        let count = high << 32 | low
        let isInside = count >= 0x1_ffff_ffff && count <= 0x3_0000_0000
        #expect(
          try answer(filter, "read", 0, 0, count) == (isInside ? .deny(.eacces) : .allow))
      }
    }
    try filter.expectKernelAgrees()
  }

  @Test func aFailedConditionDoesNotLeakIntoTheNextCall() throws {
    // The test of the second call must not run with the first call's argument in A.
    let filter = try compiled(
      "deny socket if domain == 2 and type == 1", "deny connect if sockfd == 1",
      "deny bind if addrlen == 2 with EPERM")
    #expect(try answer(filter, "socket", 2, 1) == .deny(.eacces))
    #expect(try answer(filter, "socket", 2, 2) == .allow)
    #expect(try answer(filter, "socket", 1, 1) == .allow)
    #expect(try answer(filter, "connect", 1, 2, 2) == .deny(.eacces))
    #expect(try answer(filter, "connect", 2, 1, 1) == .allow)
    #expect(try answer(filter, "bind", 1, 1, 2) == .deny(.eperm))
    #expect(try answer(filter, "bind", 2, 2, 1) == .allow)
    try filter.expectKernelAgrees()
  }

  @Test func aConditionAfterAnotherArgumentLoadsItsOwn() throws {
    let filter = try compiled(
      "deny socket if domain == 2 or type == 2 with EPERM",
      "deny socket if domain == 3 and protocol == 2", "kill socket if type == 3")
    for domain in 1...3 as ClosedRange<UInt64> {
      for type in 1...3 as ClosedRange<UInt64> {
        for number in 1...3 as ClosedRange<UInt64> {
          _ = try answer(filter, "socket", domain, type, number)
        }
      }
    }
    #expect(try answer(filter, "socket", 3, 3, 2) == .deny(.eacces))
    #expect(try answer(filter, "socket", 3, 3, 3) == .kill)
    try filter.expectKernelAgrees()
  }

  @Test func junkAboveAnIntIsNotLookedAt() throws {
    let filter = try compiled("deny socket if domain in { AF_INET, AF_INET6 }")
    for junk in [0, 1, 0x8000_0000, 0xffff_ffff] as [UInt64] {
      #expect(try answer(filter, "socket", junk << 32 | 2) == .deny(.eacces))
      #expect(try answer(filter, "socket", junk << 32 | 1) == .allow)
      // On a 32-bit ABI no argument has an upper half, whatever the registers hold.
      #expect(
        try answer(filter, "socket", junk << 32 | 10, on: Self.native.compat) == .deny(.eacces))
    }
    try filter.expectKernelAgrees()
  }

  @Test func junkAboveAPointerOfA32BitABIIsNotLookedAt() throws {
    let filter = try compiled("deny connect if addr == NULL")
    #expect(try answer(filter, "connect", 3, 1 << 32, on: Self.native.compat) == .deny(.eacces))
    #expect(try answer(filter, "connect", 3, 1 << 32) == .allow)
    #expect(try answer(filter, "connect", 3, 0) == .deny(.eacces))
    try filter.expectKernelAgrees()
  }

  @Test func rulesOfDifferentActionOnOneCall() throws {
    let filter = try compiled(
      "allow ioctl if cmd == 1", "kill ioctl if cmd == 2", "log ioctl if cmd == 3",
      "deny ioctl if cmd <= 4 with EIO", "deny ioctl if cmd == 5", "allow ioctl if cmd == 6",
      "deny ioctl with ENOSYS", "allow ioctl")
    let verdicts: [Verdict] = [
      .deny(Errno(named: "EIO")), .allow, .kill, .log, .deny(Errno(named: "EIO")),
      .deny(.eacces), .allow, .deny(.enosys),
    ]
    for (cmd, verdict) in verdicts.enumerated() {
      #expect(try answer(filter, "ioctl", 0, UInt64(cmd)) == verdict, "\(cmd)")
    }
    try filter.expectKernelAgrees()
  }

  @Test func masksThatOverlap() throws {
    let filter = try compiled(
      "deny socket if type & 0xf == 1 with EPERM", "deny socket if type & 0x3 == 1 with EIO",
      "deny socket if type & 0x80000 != 0", "deny socket if type & 0xff >= 0xfe with ENOSYS")
    for type in 0...0x1ff as ClosedRange<UInt64> {
      _ = try answer(filter, "socket", 0, type)
      _ = try answer(filter, "socket", 0, type | 0x80000)
    }
    #expect(try answer(filter, "socket", 0, 0x11) == .deny(.eperm))
    #expect(try answer(filter, "socket", 0, 0x15) == .deny(Errno(named: "EIO")))
    #expect(try answer(filter, "socket", 0, 0xfe) == .deny(.enosys))
    try filter.expectKernelAgrees()
  }

  @Test func whatCannotBeTrueCostsNothing() throws {
    let plain = try compiled("deny connect")
    for condition in [
      "arg0 < 0", "arg0 > 0xffffffffffffffff", "arg0 & 0xf == 0x10", "arg0:32 > 0xffffffff",
      "arg0 & 0 != 0", "not arg0 >= 0", "arg0 in { 1 } and arg0 < 1",
    ] {
      let filter = try compiled("kill socket if \(condition)", "deny connect")
      #expect(filter.program == plain.program, "\(condition)")
    }
  }
}
