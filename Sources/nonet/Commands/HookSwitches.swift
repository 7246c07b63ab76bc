internal import BPFAssembler

/// What decides besides the entry whether a host asks the hook.
enum HookSwitches {
  /// Reads what is said there, in the settings and beside them.
  ///
  /// - Returns: A clause for each thing by which it does not.
  static func doubts(_ document: HookDocument, _ path: [UInt8], _ host: HookHost) -> [String] {
    if case .regularFile = host.switches, isLink(nullTerminated(path)) {
      return ["it is a link, which \(host.name) passes over"]
    }
    guard let settings = document.settings else { return [] }
    var doubts: [String] = []
    switch host.switches {
    case .none, .regularFile: break
    case .gemini: doubts += gemini(settings, path, host)
    case .disableAllHooks, .claude:
      if settings.asksNobody { doubts.append("\"disableAllHooks\" is true in it") }
      if case .claude = host.switches { doubts += claude(path, host) }
    case .enabled:
      if settings.isSwitchedOff { doubts.append("\"enabled\" beside it is not true") }
    case .goosePlugin: doubts += goose(path)
    case .codexTrust:
      let folder = PathText.folder(path)
      let position = settings.position ?? (0, 0)
      let files = [path] + (resolved(path).map { [$0] } ?? [])
      let text = contents(folder + Array("/config.toml".utf8)) ?? []
      if let doubt = CodexTrust.doubt(in: text, about: files, at: position) {
        doubts.append(doubt)
      }
    }
    return doubts
  }

  /// What an administrator and a project say to Claude Code.
  private static func claude(_ path: [UInt8], _ host: HookHost) -> [String] {
    let files = [".claude/settings.json", ".claude/settings.local.json"]
    return others(files, beside: path, host, "Claude Code") { other, shown, isManaged in
      var doubts: [String] = []
      if other.asksNobody { doubts.append("\"disableAllHooks\" is true in \(shown)") }
      if other.asksManagedOnly, isManaged {
        doubts.append("\"allowManagedHooksOnly\" is true in \(shown), so hooks here are skipped")
      }
      return doubts
    }
  }

  /// What the settings, an administrator and a project say to Gemini CLI.
  private static func gemini(
    _ settings: HookSettings, _ path: [UInt8], _ host: HookHost
  ) -> [String] {
    let command = settings.command ?? ""
    let own = settings.isOffInGemini(command) ? ["it is switched off there"] : []
    return own
      + others([".gemini/settings.json"], beside: path, host, "Gemini CLI") { other, shown, _ in
        other.isOffInGemini(command) ? ["it is switched off in \(shown)"] : []
      }
  }

  /// Reads an administrator's settings and a project's.
  ///
  /// - Parameters:
  ///   - files: The project's.
  ///   - path: The settings with the hook, which are not read again.
  ///   - host: Whose they are.
  ///   - reader: The host's name for a person.
  ///   - look: What is wrong with one of them: it, its path to be shown, and whether it is the administrator's.
  /// - Returns: All that is wrong, and which are not what the host reads.
  private static func others(
    _ files: [String], beside path: [UInt8], _ host: HookHost, _ reader: String,
    _ look: (HookSettings, String, Bool) -> [String]
  ) -> [String] {
    let managed = Array((host.place.managed ?? "").utf8)
    var doubts: [String] = []
    for name in [managed] + files.map({ Array($0.utf8) }) where !name.elementsEqual(path) {
      guard let text = contents(name) else { continue }
      let shown = SafeText.shown(name)
      do throws(HookSettings.SettingsError) {
        doubts += look(try HookSettings(text, of: host), shown, name.elementsEqual(managed))
      } catch {
        doubts.append("\(shown) is not what \(reader) reads: \(error.reason)")
      }
    }
    return doubts
  }

  /// What the user's and a project's settings of goose say of the plug-in, and whether the project has one of
  /// its name, which goose takes instead.
  private static func goose(_ path: [UInt8]) -> [String] {
    var doubts: [String] = []
    let home = environmentValue("HOME") ?? []
    let settings = Array(".config/goose/settings.json".utf8)
    for name in [home + [PathText.slash] + settings, settings] {
      guard let text = contents(name) else { continue }
      do throws(JSONError) {
        let disabled = try JSONDocument(text).root["disabledPlugins"]?.elements ?? []
        if disabled.contains(where: { $0.spells("nonet") }) {
          doubts.append("\"disabledPlugins\" names it in \(SafeText.shown(name))")
        }
      } catch {
        doubts.append("\(SafeText.shown(name)) is not what goose reads")
      }
    }
    let project = ".agents/plugins/nonet"
    // In the user's home it is the user's own.
    let own = resolved(PathText.folder(PathText.folder(path)))
    if let found = resolved(Array(project.utf8)), found != own {
      doubts.append("\(project) of this folder takes its place")
    }
    return doubts
  }

  private static func contents(_ path: [UInt8]) -> [UInt8]? {
    // A project may have put anything there.
    guard isRegularFile(nullTerminated(path)) else { return nil }
    do throws(SystemError) {
      return try Descriptor.ordinary(nullTerminated(path)).contents(limit: 16 << 20)
    } catch {
      return nil
    }
  }
}
