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
    let end = ":pre_tool_use:\(position.group):\(position.hook)"
    let keys = files.map { $0 + Array(end.utf8) }
    var table: [UInt8] = []
    var isTrusted = false
    for part in configuration.split(separator: 0x0a) {
      let line = trimmed(part)
      if line.first == UInt8(ascii: "#") { continue }
      if line.first == UInt8(ascii: "[") { table = Array(line) }
      let isOfHook = keys.contains { holds(table, $0) || holds(line, $0) }
      if isOfHook, line.contains("trusted_hash") { isTrusted = true }
      if isOfHook, says(line, "enabled", "false") { return "it is switched off in Codex's /hooks" }
      if table.elementsEqual("[features]".utf8),
        says(line, "hooks", "false") || says(line, "codex_hooks", "false")
      {
        return "hooks are switched off in Codex's config.toml ([features])"
      }
    }
    return isTrusted
      ? nil : "it is not trusted yet: commands run unconfined; trust it in Codex, by /hooks"
  }

  private static func holds(_ line: [UInt8], _ key: [UInt8]) -> Bool {
    let quote = UInt8(ascii: "\"")
    let quoted = [quote] + key + [quote]
    return line.indices.contains { line[$0...].starts(with: quoted) }
  }

  /// Whether a line gives a name a value, or has it in an inline table.
  private static func says(_ line: [UInt8], _ name: String, _ value: String) -> Bool {
    let plain = line.filter { $0 != 0x20 && $0 != 0x09 }
    let text = Array("\(name)=\(value)".utf8)
    return plain.starts(with: text)
      || plain.indices.dropFirst().contains { index in
        plain[index...].starts(with: text)
          && [UInt8(ascii: "{"), UInt8(ascii: ",")].contains(plain[index - 1])
      }
  }

  private static func trimmed(_ line: ArraySlice<UInt8>) -> [UInt8] {
    let isBlank: (UInt8) -> Bool = { $0 == 0x20 || $0 == 0x09 || $0 == 0x0d }
    return Array(line.drop(while: isBlank).reversed().drop(while: isBlank).reversed())
  }
}
