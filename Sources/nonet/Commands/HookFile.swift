internal import BPFAssembler

/// The file in which a host is told its hooks, as it is now.
struct HookFile {
  /// The path, for the kernel and for messages.
  let path: [UInt8]
  let shown: String
  let file: FileReplacement
  let document: HookDocument

  private static let largest = 16 << 20

  /// Reads the file, which need not be there.
  ///
  /// - Parameters:
  ///   - host: Whose it is.
  ///   - managed: Whether the administrator's is meant.
  /// - Throws: Where nobody knows the place, it cannot be read, or is not what the host reads.
  init(_ host: HookHost, managed: Bool) throws(Failure) {
    let (path, isAtRoot) = try Self.place(of: host, managed: managed)
    let shown = SafeText.shown(path)
    self.path = path
    self.shown = shown
    do throws(SystemError) {
      file = try FileReplacement(path, limit: Self.largest)
    } catch {
      throw .refused("cannot read \(shown): \(error.reason)")
    }
    do throws(HookSettings.SettingsError) {
      document = try HookDocument(
        file.text ?? [], of: host, version: HostVersion.known(of: host), isAtRoot: isAtRoot)
    } catch {
      throw Self.unusable(shown, error)
    }
  }

  /// Settings that cannot be edited.
  static func unusable(_ shown: String, _ error: HookSettings.SettingsError) -> Failure {
    .refused("\(shown):\(error.reason); nothing was changed")
  }

  private static func place(
    of host: HookHost, managed: Bool
  ) throws(Failure) -> (path: [UInt8], isAtRoot: Bool) {
    let place = host.place
    if managed {
      guard let path = place.managed else {
        throw .refused("--managed: no settings of an administrator are known for \(host.name)")
      }
      return (Array(path.utf8), false)
    }
    let folder = try folder(of: host)
    if let instead = place.instead {
      let other = folder + Array("/\(instead)".utf8)
      if fileExists(nullTerminated(other)) { return (other, true) }
    }
    return (folder + Array("/\(place.file)".utf8), false)
  }

  private static func folder(of host: HookHost) throws(Failure) -> [UInt8] {
    let place = host.place
    if let (variable, isHome) = place.variable, let folder = environment(variable) {
      return folder + (isHome ? Array("/\(place.folder)".utf8) : [])
    }
    let config = ".config/"
    if place.folder.utf8.starts(with: config.utf8), let folder = environment("XDG_CONFIG_HOME") {
      return folder + [PathText.slash] + Array(place.folder.utf8.dropFirst(config.utf8.count))
    }
    guard let home = environment("HOME") else {
      throw .refused("HOME is not set, so nobody knows where \(host.name) has its settings")
    }
    return home + Array("/\(place.folder)".utf8)
  }

  private static func environment(_ name: StaticString) -> [UInt8]? {
    environmentValue(name).flatMap { $0.isEmpty ? nil : $0 }
  }
}

/// Which version of a host is installed here, found without running it.
enum HostVersion {
  /// The version of the host's program along PATH.
  ///
  /// - Returns: Its parts; `nil` where it is not found, or of no host that is asked for it.
  static func known(of host: HookHost) -> [Int]? {
    guard case .claude = host.switches else { return nil }
    for path in Here.alongPath("claude") where isExecutable(path) {
      // ~/.local/bin/claude leads to .../versions/2.1.300, a package of npm to cli.js beside its
      // package.json.
      guard let real = resolved(Array(path.utf8)) else { continue }
      if let version = parts(Array(PathText.lastComponent(real))) { return version }
      return package(PathText.folder(real) + Array("/package.json".utf8))
    }
    return nil
  }

  private static func package(_ path: [UInt8]) -> [Int]? {
    do throws(SystemError) {
      let text = try Descriptor(reading: nullTerminated(path)).contents(limit: 1 << 16)
      do throws(JSONError) {
        return parts(try JSONDocument(text).root["version"]?.utf8 ?? [])
      } catch {
        return nil
      }
    } catch {
      return nil
    }
  }

  /// The numbers of a text such as 2.1.295; `nil` where it is anything else.
  private static func parts(_ text: [UInt8]) -> [Int]? {
    let parts = text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    let numbers = parts.compactMap { part in
      part.count < 9 && part.allSatisfy { $0.isDigit }
        ? Int(String(decoding: Array(part), as: UTF8.self)) : nil
    }
    return numbers.count == 3 && parts.count == 3 ? numbers : nil
  }
}
