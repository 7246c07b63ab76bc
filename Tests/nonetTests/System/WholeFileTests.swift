import Glibc
import Testing

@testable import nonet

/// In a folder of its own, gone afterwards.
@Suite final class WholeFileTests {
  private let folder: String

  init() throws {
    folder = try makeFolder(prefix: "/tmp/nonet-whole-file.")
  }

  deinit {
    for name in names { unlink("\(folder)/\(name)") }
    rmdir(folder)
  }

  private var names: [String] {
    guard let directory = opendir(folder) else { return [] }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 1) { String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  private func write(_ name: String, _ text: String) throws(SystemError) {
    try writeWholeFile(Array("\(folder)/\(name)".utf8), Array(text.utf8))
  }

  private func contents(_ name: String) throws -> String {
    let file = try Descriptor(reading: "\(folder)/\(name)")
    return String(decoding: try file.contents(limit: 1 << 20), as: UTF8.self)
  }

  @Test func aNewFileAndAnOldOne() throws {
    try write("file", "one")
    #expect(try contents("file") == "one")
    chmod("\(folder)/file", 0o640)
    try write("file", "two")
    var status = stat()
    stat("\(folder)/file", &status)
    #expect(try contents("file") == "two" && status.st_mode & 0o7777 == 0o640)
    #expect(names == ["file"])
  }

  @Test func aLinkStaysALink() throws {
    try write("file", "one")
    symlink("file", "\(folder)/link")
    try write("link", "two")
    #expect(try contents("file") == "two")
    var status = stat()
    lstat("\(folder)/link", &status)
    #expect(status.st_mode & S_IFMT == S_IFLNK)
  }

  @Test func whatFailsLeavesWhatWasThere() throws {
    try write("file", "one")
    let old = SystemError(call: "open", number: nonet.ENOENT)
    #expect(throws: old) { try writeWholeFile(Array("\(folder)/none/file".utf8), [1]) }
    #expect(throws: SystemError.self) { try writeWholeFile(Array("\(folder)/file/file".utf8), [1]) }
    #expect(throws: SystemError.self) { try writeWholeFile(Array(folder.utf8), [1]) }
    #expect(throws: SystemError(call: "write", number: nonet.ENOSPC)) {
      try writeWholeFile(Array("/dev/full".utf8), [1])
    }
    // Nobody's file is taken for the one that is to be made.
    let taken = "file.\(getpid()).new"
    try write("x", "somebody's")
    rename("\(folder)/x", "\(folder)/\(taken)")
    #expect(throws: SystemError(call: "open", number: EEXIST)) { try write("file", "two") }
    #expect(try contents("file") == "one" && contents(taken) == "somebody's")
  }
}
