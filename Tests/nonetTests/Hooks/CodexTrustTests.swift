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
    "[features]\ncodex_hooks = false\n[hooks.state.\"/h/hooks.json:pre_tool_use:0:1\"]\ntrusted_hash = \"x\"",
  ])
  func notTrusted(text: String) {
    #expect(doubt(text) != nil)
  }
}
