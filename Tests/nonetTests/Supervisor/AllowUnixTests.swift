import CLinuxShims
import Testing

@testable import nonet

/// The parts of `--allow-unix` that decide by themselves.
@Suite struct AllowUnixTests {
  @Test func addressesAsTheKernelReadsThem() {
    func address(_ bytes: [UInt8]) -> UnixAddress? {
      UnixAddress(bytes, length: Int32(bytes.count))
    }
    #expect(address([1, 0, 47, 115, 0, 9]) == .path([47, 115]))
    #expect(address([1, 0, 47, 115]) == .path([47, 115]))
    #expect(address([1, 0, 0, 115, 0, 9]) == .abstract([115, 0, 9]))
    #expect(address([1, 0, 0]) == .abstract([]))
    for bytes: [UInt8] in [[], [1], [1, 0], [2, 0, 47], [1, 1, 47]] {
      #expect(address(bytes) == nil)
    }
    let long = [1, 0] + [UInt8](repeating: 97, count: 109)
    #expect(address(Array(long[..<109])) == .path(Array(long[2..<109])))
    #expect(address(Array(long[..<110])) == .path(Array(long[2..<110])))
    #expect(address(long) == nil)
    // Fewer bytes than the caller says there are.
    #expect(UnixAddress([1, 0, 47], length: 4) == nil)
    #expect(UnixAddress(long, length: -1) == nil)
  }

  @Test func listenersAreNotedUpToALimit() {
    var listeners = InsideListeners(most: 3)
    #expect(!listeners.contains(7))
    let answers = ([9, 7, 8, 7, 9, 10, 8] as [UInt64]).map { listeners.insert($0) }
    #expect(answers == [true, true, true, true, true, false, true])
    #expect([6, 7, 8, 9, 10].map { listeners.contains($0) } == [false, true, true, true, false])
    #expect(!listeners.contains(.max) && !listeners.contains(0))
  }

  @Test func listenersInAnyOrder() {
    var listeners = InsideListeners()
    var numbers = Array(0..<UInt64(2000)).map { $0 &* 0x9e37_79b9_7f4a_7c15 }
    let answers = numbers.map { listeners.insert($0) }
    #expect(!answers.contains(false))
    #expect(numbers.allSatisfy { listeners.contains($0) })
    numbers = numbers.map { $0 ^ 1 }.filter { one in !numbers.contains(one) }
    #expect(!numbers.isEmpty && !numbers.contains { listeners.contains($0) })
  }

  private static let status = """
    Name:\tUid:\t0
    Tgid:\t77
    Pid:\t78
    Uid:\t1000\t1001\t1002\t1003
    Gid:\t2000\t2001\t2002\t2003
    Groups:\t24 4 1000 4\u{20}
    Seccomp_filters:\t2
    SigPnd:\t0000000000000000
    ShdPnd:\t0000000000002000
    SigBlk:\t0000000000000000
    SigCgt:\t0000000000002000
    CapEff:\t000001ffffffffff

    """

  @Test func statusOfAThread() {
    let text = Array(Self.status.utf8)
    let status = ThreadStatus(text)
    #expect(status?.process == 77)
    #expect(status?.ids.user == 1001 && status?.ids.group == 2001)
    #expect(status?.ids.fileUser == 1003 && status?.ids.fileGroup == 2003)
    #expect(status?.ids.groups == [4, 4, 24, 1000])
    #expect(status?.filters == 2)
    #expect(status?.ids.capabilities == 0x1ff_ffff_ffff)
    #expect(status?.hasSignalToHandle == true)
    // Whoever cannot be known wholly is not known at all.
    for name in ["Tgid", "Uid", "Gid", "Groups", "CapEff"] {
      let lines = Self.status.split(separator: "\n").filter { !$0.hasPrefix("\(name):") }
      #expect(ThreadStatus(Array(lines.joined(separator: "\n").utf8)) == nil)
    }
    #expect(ThreadStatus(Array(text[..<(text.count / 2)])) == nil)
    let blocked = Self.status.replacing(
      "SigBlk:\t0000000000000000", with: "SigBlk:\t0000000000002000")
    #expect(ThreadStatus(Array(blocked.utf8))?.hasSignalToHandle == false)
  }

  @Test func statusOfThisThread() {
    let status = ThreadStatus(of: getpid())
    #expect(status?.process == getpid())
    #expect(status?.ids.user == geteuid() && status?.ids.group == getegid())
  }

  @Test func foldersByTheNameThatWasBound() throws {
    let folder = AllowedFolder(try RealPath(Array("/usr/bin/..".utf8)))
    func isParent(_ path: String, from current: String? = nil) throws -> Bool {
      let current = try current.map { try PinnedFile(Array($0.utf8)) }
      return folder.isParent(of: Array(path.utf8), from: current)
    }
    for path in ["/usr/s", "//usr/./s"] { #expect(try isParent(path)) }
    for (path, current) in [("s", "/usr"), ("./s", "/usr"), ("usr/s", "/"), ("/usr/s", "/dev")] {
      #expect(try isParent(path, from: current))
    }
    for path in [
      "", "s", "usr/s", "/usr", "/usr/", "/usr/.", "/usr/..", "/usr/lib/s", "/usr/no/../s",
    ] {
      #expect(try !isParent(path))
    }
    for (path, current) in [
      ("s", "/usr/bin"), ("../s", "/usr/bin"), ("bin/../s", "/usr"), ("/bin/s", "/usr"),
    ] {
      #expect(try !isParent(path, from: current))
    }
    #expect(folder.holds(try PinnedFile(Array("/usr/bin".utf8))))
    #expect(!folder.holds(try PinnedFile(Array("/dev/null".utf8))))
    #expect(!folder.holds(try PinnedFile(Array("/usr".utf8))))
  }

  @Test func pathsWithoutLinks() throws {
    func name(_ path: String) throws -> String {
      String(decoding: try RealPath(Array(path.utf8)).name, as: UTF8.self)
    }
    #expect(try name("/") == "/")
    #expect(try name("/..") == "/")
    #expect(try name("//dev/./null") == "/dev/null")
    #expect(try name("/usr/bin/../../dev") == "/dev")
    #expect(throws: SystemError.self) { try RealPath(Array("/dev/null/..".utf8)) }
    let path = try RealPath(Array("/dev/null".utf8))
    #expect(path.looseLink == nil)
    #expect(try path.file.identity == PinnedFile(path.name).identity)
  }

  @Test func domainsOfLaterProcesses() {
    var domains = InnerDomains(abi: 6)
    #expect(!domains.mayRefuse(isAbstract: true) { nil })
    domains.note(2, 50)
    domains.note(3, 70)
    for (start, answer) in [(49, false), (50, true), (51, true), (nil, true)] as [(UInt64?, Bool)] {
      #expect(domains.mayRefuse(isAbstract: true) { start } == answer)
    }
    #expect(!domains.mayRefuse(isAbstract: false) { 60 })
    domains.note(4, nil)
    #expect(domains.mayRefuse(isAbstract: true) { 0 })
    var newer = InnerDomains(abi: 9)
    newer.note(5, 50)
    #expect(newer.mayRefuse(isAbstract: false) { 60 } && !newer.mayRefuse(isAbstract: false) { 49 })
    #expect(startTime(of: getpid()).map { $0 > 0 } == true)
  }

  @Test func aPinnedFileIsOneFile() throws {
    let root = try PinnedFile(Array("/".utf8))
    #expect(root.isOwnRoot && root.isFolder && !root.isSocket)
    let null = try PinnedFile(Array("/dev/null".utf8))
    #expect(try PinnedFile(Array("dev/null".utf8), in: root, .plain).identity == null.identity)
    #expect(try PinnedFile(Array("/../dev/null".utf8), in: root, .inRoot).identity == null.identity)
    #expect(null.name == Array("/dev/null".utf8) && !null.isOwnRoot)
    for (path, resolution, number) in [
      ("/dev/null", Resolution.beneath, EXDEV), ("../dev/null", .beneath, EXDEV),
      ("proc/self/root/dev/null", .plain, nonet.ELOOP), ("proc/self/cwd", .inRoot, nonet.ELOOP),
      ("nothing", .plain, nonet.ENOENT),
    ] {
      #expect(throws: SystemError(call: "openat2", number: number)) {
        _ = try PinnedFile(Array(path.utf8), in: root, resolution)
      }
    }
  }
}
