extension Preset {
  /// The filter of the preset as it stands, compiled when nonet was built.
  ///
  /// These are the golden files, byte for byte; the build and the tests compare them with what the
  /// compiler makes of `text` and the proof lets pass. A command under an unchanged preset starts
  /// without compiling and proving.
  ///
  /// - Parameters:
  ///   - architecture: The native architecture, x86_64 or aarch64.
  ///   - deniesDebug: Whether the calls of `@debug` are denied too, as they must be where no
  ///     Landlock keeps them from processes outside.
  /// - Returns: `nil` for any other architecture.
  public func filter(for architecture: Architecture, deniesDebug: Bool) -> CheckedProgram? {
    let bytes =
      deniesDebug ? Self.denyingDebug(self, architecture) : Self.plain(self, architecture)
    guard let bytes else { return nil }
    do throws(ProgramError) {
      return CheckedProgram(provenWhenBuilt: try Program(bytes: bytes))
    } catch {
      return nil
    }
  }

  private static func plain(_ preset: Preset, _ architecture: Architecture) -> [UInt8]? {
    switch (preset, architecture) {
    case (.default, .x86_64): PackageResources.default_x86_64_raw
    case (.default, .aarch64): PackageResources.default_aarch64_raw
    case (.strict, .x86_64): PackageResources.strict_x86_64_raw
    case (.strict, .aarch64): PackageResources.strict_aarch64_raw
    case (.unix, .x86_64): PackageResources.unix_x86_64_raw
    case (.unix, .aarch64): PackageResources.unix_aarch64_raw
    case (.loopback, .x86_64): PackageResources.loopback_x86_64_raw
    case (.loopback, .aarch64): PackageResources.loopback_aarch64_raw
    case (_, .i386), (_, .arm): nil
    }
  }

  private static func denyingDebug(_ preset: Preset, _ architecture: Architecture) -> [UInt8]? {
    switch (preset, architecture) {
    case (.default, .x86_64): PackageResources.default_deny_debug_x86_64_raw
    case (.default, .aarch64): PackageResources.default_deny_debug_aarch64_raw
    case (.unix, .x86_64): PackageResources.unix_deny_debug_x86_64_raw
    case (.unix, .aarch64): PackageResources.unix_deny_debug_aarch64_raw
    case (.loopback, .x86_64): PackageResources.loopback_deny_debug_x86_64_raw
    case (.loopback, .aarch64): PackageResources.loopback_deny_debug_aarch64_raw
    // Its text denies them already.
    case (.strict, _): plain(preset, architecture)
    case (_, .i386), (_, .arm): nil
    }
  }
}
