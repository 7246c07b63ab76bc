internal import BPFAssembler

extension Preset {
  /// Finds a preset by name.
  ///
  /// - Parameter name: What `--policy` was given.
  init?(named name: String) {
    guard let preset = Self.allCases.first(where: { $0.name == name }) else { return nil }
    self = preset
  }

  /// The words of the text's `layers` line, with their places.
  ///
  /// No other line is read: a command under a preset starts without reading its rules.
  ///
  /// - Returns: The words; `nil` where there is no such line.
  /// - Throws: What is wrong with that line.
  func layers() throws(PolicyError) -> [PolicyWord]? {
    try Policy.layers(of: text)
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
    guard let bytes = bytes(for: architecture, deniesDebug: deniesDebug) else { return nil }
    do throws(ProgramError) {
      return CheckedProgram(provenWhenBuilt: try Program(bytes: bytes))
    } catch {
      return nil
    }
  }
}
