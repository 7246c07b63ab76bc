import BPFAssembler
import Testing

@Suite struct ErrnoTests {
  static let table = TableFile("errnos.tsv")

  @Test func everyRowIsWhatTheFileSays() {
    #expect(Self.table.rows.count > 130)
    for row in Self.table.rows {
      let errno = Errno(named: row[0])
      #expect(errno?.number == UInt16(row[1]), "\(row[0])")
      let isAlias = row.count > 2
      #expect((errno?.name == row[0]) == !isAlias, "\(row[0])")
    }
    #expect(Set(Errno.allNames) == Set(Self.table.rows.map { $0[0] }))
    #expect(Errno.allNames.count == Self.table.rows.count)
  }

  @Test func otherNamesMeanTheSameNumber() {
    #expect(Errno(named: "EWOULDBLOCK") == Errno(named: "EAGAIN"))
    #expect(Errno(named: "ENOTSUP") == Errno(named: "EOPNOTSUPP"))
    #expect(Errno(named: "EDEADLOCK")?.name == "EDEADLK")
  }

  @Test func numbersEndAt4095() {
    #expect(Errno(number: -1) == nil)
    #expect(Errno(number: 0) == nil)
    #expect(Errno(number: 1) == .eperm)
    #expect(Errno(number: 4094)?.number == 4094)
    #expect(Errno(number: 4095)?.number == 4095)
    #expect(Errno(number: 4096) == nil)
    #expect(Errno(number: UInt64.max) == nil)
    #expect(Errno(number: 65536 + 1) == nil)
  }

  @Test func descriptionsAreNamesOrNumbers() {
    let known: [Errno] = [.eacces, .eperm, .enosys, .eafnosupport]
    #expect(known.map(\.description) == ["EACCES", "EPERM", "ENOSYS", "EAFNOSUPPORT"])
    #expect(Errno(number: 4095)?.description == "4095")
    #expect(Errno(number: 41)?.name == nil)
  }

  @Test(arguments: ["", "E", "EPER", "EPERMX", "eperm", "1", "EAGAIN 11"])
  func unknownNamesAreNil(_ name: String) {
    #expect(Errno(named: name) == nil)
  }

  @Test(arguments: CHeaders.all.indices)
  func kernelHeadersAgree(_ index: Int) {
    let claims = Self.table.rows.map {
      CHeaders.Claim(name: $0[0], expression: $0[0], value: UInt64($0[1]) ?? 0)
    }
    guard let answer = CHeaders.all[index].check(claims, including: ["asm/errno.h"]) else { return }
    #expect(answer.wrong == [])
    // The C library's name, not the kernel's.
    #expect(answer.missing == ["ENOTSUP"])
  }

  /// The instrument itself: a wrong number and an unknown name must be told apart and reported.
  @Test func headersContradictWhatIsWrong() {
    let claims = [
      CHeaders.Claim(name: "EPERM", expression: "EPERM", value: 1),
      CHeaders.Claim(name: "EACCES", expression: "EACCES", value: 14),
      CHeaders.Claim(name: "ENOSUCH", expression: "ENOSUCH", value: 1),
    ]
    guard let answer = CHeaders.checkHost(claims, including: ["errno.h"]) else { return }
    #expect(answer.wrong == ["EACCES"])
    #expect(answer.missing == ["ENOSUCH"])
  }
}
