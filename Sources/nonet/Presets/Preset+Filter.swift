internal import BPFAssembler

extension Preset {
  /// Finds a preset by name.
  ///
  /// - Parameter name: What `--policy` was given.
  init?(named name: String) {
    guard let preset = Self.allCases.first(where: { $0.name == name }) else { return nil }
    self = preset
  }

  /// The words of the text's `layers` line.
  ///
  /// - Returns: The words; `nil` where there is no such line.
  /// - Throws: What is wrong with that line.
  func layers() throws(PolicyError) -> [PolicyWord]? {
    try Policy.layers(of: layerLines)
  }

  /// The filter of the preset as it stands, compiled when nonet was built.
  ///
  /// These are the golden files, byte for byte; the build and the tests compare them with what the
  /// compiler makes of `text` and the proof lets pass. A command under an unchanged preset starts
  /// without compiling and proving.
  ///
  /// - Parameters:
  ///   - architecture: A native architecture.
  ///   - deniesDebug: Whether the calls of `@debug` are denied too, as they must be where no
  ///     Landlock keeps them from processes outside.
  /// - Returns: `nil` for any other architecture, and while a preset is being made.
  func filter(for architecture: Architecture, deniesDebug: Bool) -> CheckedProgram? {
    provenFilter(for: architecture, deniesDebug: deniesDebug)?.program
  }

  /// The same as it is installed.
  func provenFilter(for architecture: Architecture, deniesDebug: Bool) -> ProvenFilter? {
    bytes(for: architecture, deniesDebug: deniesDebug).map { .builtIn($0) }
  }
}
