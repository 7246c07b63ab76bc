internal import BPFAssembler

extension Options {
  /// The capabilities that the command will have, for which a profile's entries are chosen.
  ///
  /// A profile that is printed or compared is for a command without any, as containers begin.
  ///
  /// - Parameter layers: What the policy asks for.
  /// - Returns: Their names as profiles have them.
  /// - Throws: What kept us from knowing.
  func expectedCapabilities(under layers: Layers) throws(Failure) -> [[UInt8]] {
    switch mode {
    case .run, .why, .verify: break
    case _: return []
    }
    do throws(SystemError) {
      let privileges = Plan.expectedPrivileges(
        layers, Privileges(bits: try permittedCapabilities()), isUserZero: isUserZero,
        landlockABI: try probeLandlock(), kept: keptPrivileges)
      return privileges.names.map { Array("CAP_\($0)".utf8) }
    } catch {
      throw .system(error, "the capabilities of the command are not known, so nothing was run")
    }
  }
}
