/// What Codex knows of the hooks that its user trusts: tables `[hooks.state."FILE:EVENT:GROUP:HOOK"]` with a
/// `trusted_hash`, in `config.toml`.
///
/// How the hash is made is Codex's own matter, so that a changed entry is no longer trusted cannot be seen
/// here: `--install` keeps an entry to the byte as long as its command stays.
enum CodexTrust {
  /// Whether Codex runs commands through the hook.
  ///
  /// - Parameters:
  ///   - configuration: The text of `config.toml`; empty where there is none.
  ///   - files: The paths that Codex may have for the file of the hook.
  ///   - position: Where the hook stands in it.
  /// - Returns: Why it does not, as a clause; `nil` where nothing is known against it.
  static func doubt(
    in configuration: [UInt8], about files: [[UInt8]], at position: (group: Int, hook: Int)
  ) -> String? {
    let root: TOMLValue
    do throws(TOMLError) {
      root = try TOMLDocument(configuration).root
    } catch {
      let line = error.place(in: configuration).line
      return "Codex's config.toml is no TOML: line \(line): \(error.problem.words)"
    }
    // Anything but true, where it is said, is none of what Codex takes for on.
    let features = root["features"]
    for name in ["hooks", "codex_hooks"] {
      if let value = features?[name], value.bool != true {
        return "hooks are switched off in Codex's config.toml ([features])"
      }
    }
    let end = Array(":pre_tool_use:\(position.group):\(position.hook)".utf8)
    let states = files.compactMap { root["hooks"]?["state"]?[$0 + end] }
    if states.contains(where: { $0["enabled"].map { $0.bool != true } ?? false }) {
      return "it is switched off in Codex's /hooks"
    }
    return states.contains { $0["trusted_hash"]?.utf8 != nil }
      ? nil : "it is not trusted yet: commands run unconfined; trust it in Codex, by /hooks"
  }
}
