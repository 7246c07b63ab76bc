import BPFAssembler
import Testing

@Suite struct NamedConstantTests {
  static let table = TableFile("constants.tsv")

  @Test func everyRowIsWhatTheFileSays() {
    #expect(Self.table.rows.count > 300)
    for row in Self.table.rows {
      guard let constant = NamedConstant(named: row[0]) else {
        Issue.record("\(row[0]) is not found")
        continue
      }
      #expect(constant.name == row[0])
      #expect("\(constant)" == row[0])
      let x86 = TableFile.number(row[1])
      let arm = row.count > 2 ? TableFile.number(row[2]) : x86
      #expect(x86 != nil)
      #expect(Architecture.allCases.map { constant.value(on: $0) } == [x86, x86, arm, arm])
    }
  }

  @Test func allConstantsAreTheFileSorted() {
    let names = NamedConstant.all.map(\.name)
    let expected = Self.table.rows.map { $0[0] }
    #expect(Set(expected).count == expected.count)
    #expect(names == expected.sorted { Array($0.utf8).lexicographicallyPrecedes($1.utf8) })
  }

  @Test(arguments: ["", "AF_", "AF_UNI", "AF_UNIXX", "af_unix", "AF_UNIX 1", "1", "0x1"])
  func unknownNamesAreNil(_ name: String) {
    #expect(NamedConstant(named: name) == nil)
  }

  @Test func lookupTakesBytesOfAnyCollection() {
    #expect(NamedConstant(named: Array("(AF_INET6)".utf8)[1..<9])?.value(on: .i386) == 10)
  }

  @Test func valuesThatPoliciesStandOn() {
    func value(_ name: String, _ architecture: Architecture) -> UInt64? {
      NamedConstant(named: name)?.value(on: architecture)
    }
    for architecture in Architecture.allCases {
      #expect(value("NULL", architecture) == 0)
      #expect(value("AF_MCTP", architecture) == 45)
      #expect(value("TIOCSTI", architecture) == 0x5412)
      #expect(value("TIOCLINUX", architecture) == 0x541c)
      #expect(value("SOCK_TYPE_MASK", architecture) == 0xf)
      #expect(value("CLONE_NEWUSER", architecture) == 0x1000_0000)
      #expect(value("AT_FDCWD", architecture) == UInt64(bitPattern: -100))
    }
    #expect(value("O_DIRECTORY", .x86_64) == 0x10000)
    #expect(value("O_DIRECTORY", .aarch64) == 0x4000)
  }

  private func claims(_ architecture: Architecture) -> [CHeaders.Claim] {
    NamedConstant.all.map {
      CHeaders.Claim(name: $0.name, expression: $0.name, value: $0.value(on: architecture))
    }
  }

  /// The kernel's headers, for each ABI whose headers are installed.
  @Test(arguments: CHeaders.all.indices)
  func kernelHeadersAgree(_ index: Int) {
    let headers = CHeaders.all[index]
    let claims = claims(headers.architecture)
    guard let answer = headers.check(claims, including: Self.kernelHeaders) else { return }
    #expect(answer.wrong == [])
    #expect(answer.missing.count < claims.count / 3)
  }

  /// The C library's headers have what the kernel's keep to themselves: AF_*, SOCK_*, MSG_*.
  @Test func libraryHeadersAgree() throws {
    #if arch(x86_64)
      let architecture = Architecture.x86_64
    #elseif arch(arm64)
      let architecture = Architecture.aarch64
    #endif
    // In 64-bit C every file is large and the flag is 0; the kernel's stays what it was.
    let claims = claims(architecture).filter { $0.name != "O_LARGEFILE" }
    guard let answer = CHeaders.checkHost(claims, including: Self.libraryHeaders) else { return }
    #expect(answer.wrong == [])
    #expect(answer.missing.count < claims.count * 2 / 3)

    let kernel = CHeaders.all.first { $0.architecture == architecture }
    guard let other = kernel?.check(claims, including: Self.kernelHeaders) else { return }
    let unseen = Set(answer.missing).intersection(other.missing)
    print("in no header here:", unseen.sorted().joined(separator: " "))
    #expect(unseen.count < 40)
  }

  static let kernelHeaders = [
    "asm/socket.h", "linux/socket.h", "linux/net.h", "linux/in.h", "linux/in6.h",
    "linux/netlink.h", "asm/ioctls.h", "asm/termbits.h", "linux/sockios.h", "linux/fs.h",
    "linux/sched.h", "linux/sched/types.h", "asm/fcntl.h", "linux/fcntl.h", "linux/stat.h",
    "asm/mman.h", "linux/mman.h", "linux/memfd.h", "linux/ptrace.h", "linux/prctl.h",
    "asm/prctl.h", "linux/seccomp.h", "linux/bpf.h", "asm/signal.h", "linux/mount.h",
    "linux/keyctl.h", "linux/futex.h", "linux/eventpoll.h", "linux/inotify.h",
    "linux/userfaultfd.h", "linux/time.h", "linux/resource.h", "linux/ipc.h", "linux/shm.h",
    "linux/msg.h", "linux/sem.h", "linux/personality.h", "linux/wait.h", "linux/random.h",
    "linux/reboot.h", "linux/module.h", "linux/io_uring.h", "linux/landlock.h",
  ]
  static let libraryHeaders = [
    "stddef.h", "unistd.h", "fcntl.h", "signal.h", "sched.h", "sys/socket.h", "netinet/in.h",
    "netinet/tcp.h", "netinet/udp.h", "sys/file.h", "sys/eventfd.h", "sys/epoll.h",
    "sys/inotify.h", "sys/ioctl.h", "sys/mman.h", "sys/mount.h", "sys/prctl.h", "sys/ptrace.h",
    "sys/resource.h", "sys/stat.h", "sys/wait.h", "time.h",
  ]
}
