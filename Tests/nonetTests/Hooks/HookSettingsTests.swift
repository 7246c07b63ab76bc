import Testing

@testable import nonet

@Suite struct HookSettingsTests {
  private func command(_ host: HookHost, _ options: String = "") -> String {
    "/usr/bin/nonet --hook \(host.name) \(options)|| exit 2"
  }

  private func text(_ settings: HookSettings) -> String {
    String(decoding: settings.document.bytes, as: UTF8.self)
  }

  /// Empty settings get the hook, are known to have it, and lose it again to the byte.
  @Test(arguments: HookHost.all.filter { $0.layout.text == nil })
  func thereAndBack(host: HookHost) throws {
    for start in ["", " \n", "{}", "{\"other\": [1, {\"x\": 1e5}]}", "{\"hooks\": {\"Stop\": []}}"]
    {
      var settings = try HookSettings(Array(start.utf8), of: host)
      let before = text(settings)
      #expect(settings.state(for: command(host)) == .missing)
      try settings.install(command(host))
      #expect(settings.state(for: command(host)) == .installed)
      let installed = text(settings)
      try settings.install(command(host))
      #expect(text(settings) == installed)
      #expect(settings.state(for: command(host, "-q ")) == .differs([command(host)]))
      try settings.uninstall()
      #expect(settings.state(for: command(host)) == .missing)
      #expect(text(settings).filter { !$0.isWhitespace } == before.filter { !$0.isWhitespace })
    }
  }

  @Test(arguments: HookHost.all.filter { $0.layout.text == nil })
  func otherOptionsTakeThePlace(host: HookHost) throws {
    var settings = try HookSettings([], of: host)
    try settings.install(command(host))
    try settings.install(command(host, "--policy strict "))
    #expect(settings.state(for: command(host, "--policy strict ")) == .installed)
    #expect(settings.state(for: command(host)) == .differs([command(host, "--policy strict ")]))
  }

  /// What would keep the host from asking, or from waiting, is told.
  @Test(arguments: [
    (#""timeout":10,"async":true"#, 1), (#""timeout":1"#, 1),
    (#""timeout":10,"if":"x","once":1"#, 2),
    (#""timeout":"10""#, 1), (#""timeout":10"#, 0), (#""timeout":3600,"statusMessage":"x""#, 0),
  ])
  func weaknesses(members: String, count: Int) throws {
    let hook = #"{"type":"command","command":"\#(command(.claudeCode))",\#(members)}"#
    let text = #"{"hooks":{"PreToolUse":[{"matcher":"Bash","hooks":[\#(hook)]}]}}"#
    let settings = try HookSettings(Array(text.utf8), of: .claudeCode)
    switch settings.state(for: command(.claudeCode)) {
    case .weakened(let weaknesses): #expect(weaknesses.count == count && count > 0)
    case .installed: #expect(count == 0)
    case .missing, .differs: Issue.record("the hook was not found")
    }
  }

  @Test(arguments: ["Write", "Read|Write"])
  func aMatcherWithoutTheToolAsksNobody(matcher: String) throws {
    let hook = #"{"type":"command","command":"\#(command(.codex))","timeout":10}"#
    let text = #"{"hooks":{"PreToolUse":[{"matcher":"\#(matcher)","hooks":[\#(hook)]}]}}"#
    let settings = try HookSettings(Array(text.utf8), of: .codex)
    let doubt = "its matcher may not be one for Bash"
    #expect(settings.state(for: command(.codex)) == .weakened([doubt]))
  }

  @Test(arguments: ["[]", "1", "{", "{\"hooks\": 1}", "{\"hooks\": {\"PreToolUse\": {}}}", "{} {}"])
  func whatCannotBeEdited(text: String) {
    #expect(throws: HookSettings.SettingsError.self) {
      try HookSettings(Array(text.utf8), of: .claudeCode)
    }
  }

  @Test func comments() throws {
    let text = Array("{ // why\n}".utf8)
    #expect(throws: HookSettings.SettingsError.self) { try HookSettings(text, of: .claudeCode) }
    var settings = try HookSettings(text, of: .geminiCLI)
    try settings.install(command(.geminiCLI))
    #expect(self.text(settings).contains("// why\n"))
  }
}
