import BPFAssembler
import Testing

@Suite struct SyscallTests {
  static let table = TableFile("syscalls.tsv")

  @Test func everyRowIsWhatTheFileSays() {
    #expect(Self.table.rows.count > 400)
    for row in Self.table.rows {
      guard let call = Syscall(named: row[0]) else {
        Issue.record("\(row[0]) is not found")
        continue
      }
      #expect(call.name == row[0])
      let numbers = Architecture.allCases.map { call.number(on: $0) }
      #expect(numbers == row[1...].map { UInt32($0) }, "\(row[0])")
    }
  }

  @Test func allCallsAreTheFileInOrder() {
    let names = Syscall.all.map(\.name)
    #expect(names == Self.table.rows.map { $0[0] })
    #expect(Syscall.all == Syscall.all.sorted())
    #expect(Set(Syscall.all).count == names.count)
    #expect(
      zip(names, names.dropFirst()).allSatisfy { Array($0.utf8).lexicographicallyPrecedes($1.utf8) }
    )
  }

  @Test func lookupTakesBytesOfAnyCollection() {
    let bytes = Array("deny socket".utf8)
    #expect(Syscall(named: bytes[5...])?.name == "socket")
    #expect(Syscall(named: bytes) == nil)
    // One whose bytes do not lie together.
    #expect(Syscall(named: "tekcos".utf8.reversed())?.name == "socket")
  }

  /// Names that are nearly there: cut short, too long, other case, with what parts the fields.
  @Test(
    arguments: [
      "", " ", "\n", "-", "a", "zzz", "socke", "sockets", "Socket", "socket ", "socket 41", "41",
      "_", "accept 43 288 - 202", "writev\n", "accept\0", "sócket", "writev 20 146 66 146",
    ])
  func unknownNamesAreNil(_ name: String) {
    #expect(Syscall(named: name) == nil)
  }

  /// Near neighbours of every name must not be taken for it.
  @Test func onlyExactNamesAreFound() {
    let names = Set(Self.table.rows.map { $0[0] })
    for name in names {
      for other in [name + "x", name + "0", String(name.dropLast()), String(name.dropFirst())]
      where !names.contains(other) {
        #expect(Syscall(named: other) == nil, "\(other)")
      }
    }
  }

  @Test(arguments: Architecture.allCases)
  func numbersAndNamesLeadToEachOther(_ architecture: Architecture) {
    var byNumber: [UInt32: String] = [:]
    let column = Architecture.allCases.firstIndex(of: architecture).map { $0 + 1 } ?? 0
    for row in Self.table.rows {
      if let number = UInt32(row[column]) { byNumber[number] = row[0] }
    }
    // Two past the end of either table, to see that it has one.
    for number in Array(0...(architecture.newestNumber + 2)) + Array(0xf0000...0xf0008) {
      #expect(Syscall.at(number: number, on: architecture)?.name == byNumber[number])
    }
    let known = Syscall.known(on: architecture)
    #expect(known.map(\.name) == byNumber.keys.sorted().compactMap { byNumber[$0] })
    #expect(known.allSatisfy { $0.number(on: architecture) != nil })
  }

  @Test func knownNumbersToStandOn() {
    let socket = Syscall(named: "socket")
    #expect(Architecture.allCases.map { socket?.number(on: $0) } == [41, 359, 198, 281])
    let socketcall = Syscall(named: "socketcall")
    #expect(Architecture.allCases.map { socketcall?.number(on: $0) } == [nil, 102, nil, 102])
    #expect(Syscall.at(number: 0, on: .x86_64)?.description == "read")
    #expect(Syscall.at(number: 0, on: .aarch64)?.name == "io_setup")
  }

  /// The same number for every name that both have, in whatever headers are installed.
  @Test(arguments: CHeaders.all.indices)
  func headersAgree(_ index: Int) {
    let headers = CHeaders.all[index]
    let claims = Syscall.known(on: headers.architecture).map { call in
      let number = call.number(on: headers.architecture) ?? .max
      let isPrivate = headers.architecture.privateNumbers?.contains(number) ?? false
      return CHeaders.Claim(
        name: call.name, expression: (isPrivate ? "__ARM_NR_" : "__NR_") + call.name,
        value: UInt64(number))
    }
    guard let answer = headers.check(claims, including: ["asm/unistd.h"]) else { return }
    #expect(answer.wrong == [])
    // What the headers lack is newer than they are, or left out of them on purpose.
    print("not in the headers of \(headers.architecture):", answer.missing.joined(separator: " "))
    #expect(answer.missing.count < claims.count / 4)
  }
}
