import Testing

@testable import nonet

@Suite struct CodexTrustTests {
  private func doubt(_ text: String) -> String? {
    CodexTrust.doubt(in: Array(text.utf8), about: [Array("/h/hooks.json".utf8)], at: (0, 1))
  }

  @Test(arguments: [
    "[hooks.state.\"/h/hooks.json:pre_tool_use:0:1\"]\ntrusted_hash = \"sha256:1\"\n",
    "  [hooks.state.\"/h/hooks.json:pre_tool_use:0:1\"] # why\r\n\ttrusted_hash=\"x\"",
    "[hooks.state]\n\"/h/hooks.json:pre_tool_use:0:1\" = { trusted_hash = \"x\", enabled = true }",
  ])
  func trusted(text: String) {
    #expect(doubt(text) == nil)
  }

  @Test(arguments: [
    "", "[hooks.state.\"/h/hooks.json:pre_tool_use:0:0\"]\ntrusted_hash = \"x\"",
    "[hooks.state.\"/h/hooks.json:post_tool_use:0:1\"]\ntrusted_hash = \"x\"",
    "[hooks.state.\"/other/hooks.json:pre_tool_use:0:1\"]\ntrusted_hash = \"x\"",
    "#[hooks.state.\"/h/hooks.json:pre_tool_use:0:1\"]\ntrusted_hash = \"x\"",
    "[hooks.state.\"/h/hooks.json:pre_tool_use:0:1\"]\n[next]\ntrusted_hash = \"x\"",
    "[hooks.state]\n\"/h/hooks.json:pre_tool_use:0:1\" = { trusted_hash = \"x\", enabled = false }",
    "note = '''\n[hooks.state.\"/h/hooks.json:pre_tool_use:0:1\"]\ntrusted_hash = \"x\"\n'''",
    "[hooks.state.\"/h/hooks.json:pre_tool_use:0:1\"]\ntrusted_hash = \"x\"\n[broken",
    "[hooks.state.\"/h/hooks.json:pre_tool_use:0:1\"]\ntrusted_hash = true",
    "[features]\ncodex_hooks = false\n[hooks.state.\"/h/hooks.json:pre_tool_use:0:1\"]\ntrusted_hash = \"x\"",
  ])
  func notTrusted(text: String) {
    #expect(doubt(text) != nil)
  }

  @Test(arguments: [
    "[features]\nhooks = false", "features.hooks = false", "features = { hooks = false }",
    "[ features ]\nhooks = false",
    "[features] # x\nhooks = false", "[features]\n\"hooks\" = false # off",
    "['features']\n\"h\\u006foks\" = false",
    "[features]\r\nhooks = false\r\n", "[features]\nhooks = \"on\"",
  ])
  func switchedOff(text: String) {
    let trust = "\n[hooks.state.\"/h/hooks.json:pre_tool_use:0:1\"]\ntrusted_hash = \"x\"\n"
    #expect(doubt(text + trust)?.contains("switched off") == true)
    #expect(doubt("[features]\nhooks = true\nother = false" + trust) == nil)
  }
}
