internal import BPFAssembler

/// A filter that means its policy.
enum ProvenFilter {
  /// Proven in this run.
  case checked(CheckedProgram)
  /// Proven when nonet was built. Who only installs it never decodes it.
  case builtIn([UInt8])

  /// The bytes of a `struct sock_filter[]`.
  var bytes: [UInt8] {
    switch self {
    case .checked(let program): program.program.bytes
    case .builtIn(let bytes): bytes
    }
  }

  /// The number of instructions.
  var count: Int {
    switch self {
    case .checked(let program): program.program.instructions.count
    case .builtIn(let bytes): bytes.count / RawInstruction.size
    }
  }

  /// The filter as a program; `nil` for bytes that are none, which the build would have refused.
  var program: CheckedProgram? {
    switch self {
    case .checked(let program): return program
    case .builtIn(let bytes):
      do throws(ProgramError) {
        return CheckedProgram(provenWhenBuilt: try Program(bytes: bytes))
      } catch {
        return nil
      }
    }
  }
}
