internal import BPFAssembler

/// The filters that mean a policy together: nearly always one.
enum ProvenFilter {
  /// Proven in this run.
  case checked(CheckedChain)
  /// Proven when nonet was built. Who only installs it never decodes it.
  case builtIn([UInt8])

  /// For each filter the bytes of a `struct sock_filter[]`, in the order in which they are installed.
  var filters: [[UInt8]] {
    switch self {
    case .checked(let checked): checked.chain.programs.map { $0.bytes }
    case .builtIn(let bytes): [bytes]
    }
  }

  /// How many filters there are.
  var count: Int {
    switch self {
    case .checked(let checked): checked.chain.programs.count
    case .builtIn: 1
    }
  }

  /// The number of instructions of all filters.
  var instructionCount: Int {
    switch self {
    case .checked(let checked): checked.chain.instructionCount
    case .builtIn(let bytes): bytes.count / RawInstruction.size
    }
  }

  /// The filter as a program; `nil` where there are several, and for bytes that are none, which the build
  /// would have refused.
  var program: CheckedProgram? {
    switch self {
    case .checked(let checked): return checked.single
    case .builtIn(let bytes):
      do throws(ProgramError) {
        return CheckedProgram(provenWhenBuilt: try Program(bytes: bytes))
      } catch {
        return nil
      }
    }
  }

  /// The filters as programs; `nil` for bytes that are none.
  var chain: FilterChain? {
    if case .checked(let checked) = self { return checked.chain }
    return program.map { FilterChain($0.program) }
  }
}
