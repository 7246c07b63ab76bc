extension Preset {
  /// The filter of the preset as it stands, compiled when nonet was built.
  ///
  /// These are the golden files, byte for byte; the build and the tests compare them with what the
  /// compiler makes of `text`. A command under an unchanged preset starts without compiling.
  ///
  /// - Parameter architecture: The native architecture, x86_64 or aarch64.
  /// - Returns: `nil` for any other architecture.
  public func filter(for architecture: Architecture) -> Program? {
    guard let bytes = embeddedFilter(architecture) else { return nil }
    do throws(ProgramError) {
      return try Program(bytes: bytes)
    } catch {
      return nil
    }
  }

  private func embeddedFilter(_ architecture: Architecture) -> [UInt8]? {
    switch (self, architecture) {
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
}
