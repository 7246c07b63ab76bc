import Testing

@testable import nonet

@Suite struct HookTableTests {
  private let command = "/usr/bin/nonet --hook kimi || exit 2"
  private func hook(_ command: String = "/usr/bin/nonet --hook kimi || exit 2") -> String {
    "[[hooks]]\nevent = \"PreToolUse\"\nmatcher = \"^Bash$\"\ncommand = \"\(command)\"\ntimeout = 10\n"
  }

  private func read(_ text: String) throws -> HookDocument {
    try HookDocument(Array(text.utf8), of: .kimi)
  }

  @Test func judgedByMeaning() throws {
    let other = "/usr/bin/nonet --hook kimi --errno EPERM || exit 2"
    let inline =
      "hooks = [{timeout = 10, command = '\(command)', event = \"PreToolUse\", matcher = '^Bash$'}]"
    for (text, state) in [
      (hook(), HookSettings.State.installed), (hook() + "fail_mode = 'closed' # x\n", .installed),
      (hook().replacing("timeout", with: "# why\n\ntimeout"), .installed), (inline, .installed),
      (hook(other), .differs([other])), (hook() + hook(other), .differs([command, other])),
      ("a = '''\n\(hook())'''", .missing),
      ("[x]\n" + hook().replacing("hooks", with: "x.hooks"), .missing),
      ("hooks = 1", .missing), ("hooks.command = '\(command)'", .missing),
    ] {
      #expect(try read(text).state(for: command) == state, "\(text)")
    }
    for text in [
      hook() + "x = 1\n", hook() + "[hooks.x]\n", hook() + "fail_mode = \"open\"\n",
      hook() + "fail_mode.x = 1",
      hook().replacing("10", with: "1_0"), hook().replacing("10", with: "\"10\""),
      hook().replacing("timeout", with: "#"),
    ] {
      #expect(try read(text).state(for: command) == .weakened([HookText.weakness]), "\(text)")
    }
  }

  @Test func editsKeepEverythingElse() throws {
    for text in [
      "", "\n", "a = 1", "a = 1\n", "a = 1\r\n", "a = 1\r\n\r\n", "# x",
      "[[hooks]]\nevent = 'x'\n\n\n", "[a]\nb = '''\n'''",
      "d = [\"\"\"a\"\"\"\", '''\n''']\n",
    ] {
      var document = try read(text)
      try document.install(command)
      #expect(document.bytes.elementsEqual((text + (text.isEmpty ? "" : "\n") + hook()).utf8))
      try document.uninstall()
      #expect(document.bytes.elementsEqual(text.utf8), "\(text)")
    }
  }

  @Test func editsTakeOnlyTheHook() throws {
    for (text, left) in [
      (hook() + hook(), ""), ("a = 1\r\n\r\n" + hook(), "a = 1\r\n\r\n"),
      (hook() + "# mine\n\n[z]\n", "# mine\n\n[z]\n"),
      ("a = 1\n\n" + hook().replacing("command", with: "# mine\ncommand"), "a = 1\n\n# mine\n"),
      (hook() + "[[hooks]]\nevent = 'x'\n" + hook(), "[[hooks]]\nevent = 'x'"),
    ] {
      var document = try read(text)
      try document.uninstall()
      #expect(document.bytes.elementsEqual(left.utf8), "\(text)")
    }
    // Only the command is changed where the rest is as it should be.
    var document = try read(
      hook("/old/nonet --hook=kimi").replacing("timeout", with: "# mine\ntimeout"))
    try document.install(command)
    #expect(document.bytes.elementsEqual(hook().replacing("timeout", with: "# mine\ntimeout").utf8))
  }

  @Test func refusesWhatWouldChangeMore() throws {
    let mine = "[[hooks]]\nevent = \"Stop\"\n\n"
    for text in [
      mine + hook() + "[hooks.x]\n", hook() + "[[hooks.x]]\n", "hooks = [{command = '\(command)'}]",
    ] {
      var document = try read(text)
      #expect(throws: HookSettings.SettingsError.self) { try document.uninstall() }
      #expect(document.bytes.elementsEqual(text.utf8))
    }
    for text in [
      "[[hooks.sub]]\n", "hooks = []", "[hooks]", "'hooks'.x = 1", hook() + "[hooks.x]\n",
    ] {
      var document = try read(text)
      #expect(throws: HookSettings.SettingsError.self) { try document.install(command) }
      #expect(document.bytes.elementsEqual(text.utf8))
    }
    // A path may hold what only JSON can write.
    var document = try read("")
    #expect(throws: HookSettings.SettingsError.self) {
      try document.install("/\u{E0001}/nonet --hook kimi")
    }
    #expect(throws: HookSettings.SettingsError.self) { try read("a = \"\n" + hook()) }
  }
}

extension String {
  fileprivate func replacing(_ old: String, with new: String) -> String {
    var bytes: [UInt8] = []
    var rest = Array(utf8)[...]
    while let first = rest.first {
      if rest.starts(with: old.utf8) {
        bytes += new.utf8
        rest = rest.dropFirst(old.utf8.count)
      } else {
        bytes.append(first)
        rest = rest.dropFirst()
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
