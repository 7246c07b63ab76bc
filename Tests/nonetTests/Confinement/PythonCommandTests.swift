import Testing

@testable import nonet

@Suite struct PythonCommandTests {
  private static func interpreter(_ words: [String], header: String? = nil) -> String? {
    let found = PythonCommand.interpreter(of: words.map { Array($0.utf8) }) { _ in
      header.map { Array($0.utf8) }
    }
    return found.map { String(decoding: $0, as: UTF8.self) }
  }

  @Test(arguments: [
    "python", "python3", "python3.12", "/usr/bin/python3", "./python", "python2.7",
  ])
  func interpretersByName(name: String) {
    #expect(Self.interpreter([name, "-c", "pass"]) == name)
    #expect(Self.interpreter(["/usr/bin/env", name]) == name)
    #expect(Self.interpreter(["script"], header: "#!\(name) -u\nimport os\n") == name)
    #expect(Self.interpreter(["script"], header: "#! /usr/bin/env \(name)\n") == name)
  }

  @Test(arguments: ["pythonic", "python-config", "ipython", "cpython", "bash", "", "python3x"])
  func otherNames(name: String) {
    #expect(Self.interpreter([name]) == nil)
    #expect(Self.interpreter(["env", name]) == nil)
    #expect(Self.interpreter(["script"], header: "#!\(name)\n") == nil)
  }

  @Test func whatIsNoScript() {
    #expect(Self.interpreter([]) == nil)
    #expect(Self.interpreter(["env"]) == nil)
    #expect(Self.interpreter(["script"]) == nil)
    for header in ["", "#!", "#!\n", "#!   ", "\u{7f}ELF", "import python3", "#!/usr/bin/env\n"] {
      #expect(Self.interpreter(["script"], header: header) == nil)
    }
    // `python3` here is what the shell runs, not what the kernel starts.
    #expect(Self.interpreter(["bash", "-c", "python3"]) == nil)
  }

  @Test func theHeaderIsReadAlongPath() {
    #expect(PythonCommand.header(of: Array("/dev/null".utf8)) == [])
    #expect(PythonCommand.header(of: Array("/does/not/exist".utf8)) == nil)
    #expect(PythonCommand.header(of: Array("ldd".utf8))?.starts(with: "#!".utf8) == true)
  }
}
