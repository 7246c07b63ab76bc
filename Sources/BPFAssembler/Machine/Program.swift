/// A program that the kernel takes, in canonical encoding; a value of this type is the proof.
///
/// Only initialisers that verify make one, so what takes a `Program` needs no checks of its own:
/// every jump lands inside, the last instruction returns, every slot is written before it is read.
public struct Program: Hashable, Sendable {
  /// The most instructions that the kernel takes (linux/bpf_common.h, BPF_MAXINSNS).
  public static let mostInstructions = 4096

  /// The instructions, 1 to `mostInstructions` of them.
  public let instructions: [Instruction]

  /// Verifies instructions.
  ///
  /// - Parameter instructions: The whole program.
  /// - Throws: `VerifierError` where the kernel would refuse it.
  public init(_ instructions: [Instruction]) throws(VerifierError) {
    try Verifier.check(instructions)
    self.instructions = instructions
  }

  /// Decodes and verifies encoded instructions.
  ///
  /// - Parameter raw: The whole program.
  /// - Throws: `ProgramError.refused` where the kernel would refuse it, and
  ///   `ProgramError.notCanonical` where the kernel ignores a field that is not 0.
  public init(raw: [RawInstruction]) throws(ProgramError) {
    do throws(VerifierError) {
      try Verifier.check(raw)
    } catch {
      throw .refused(error)
    }
    var instructions: [Instruction] = []
    instructions.reserveCapacity(raw.count)
    for (index, instruction) in raw.enumerated() {
      do throws(Instruction.DecodingError) {
        instructions.append(try Instruction(instruction))
      } catch {
        throw .notCanonical(error, index: index)
      }
    }
    self.instructions = instructions
  }

  /// Decodes and verifies the bytes of a `struct sock_filter[]`.
  ///
  /// - Parameter bytes: The whole program, little-endian.
  /// - Throws: `ProgramError`, whichever of its cases fits.
  public init(bytes: [UInt8]) throws(ProgramError) {
    let raw: [RawInstruction]
    do throws(RawInstruction.PartialInstruction) {
      raw = try RawInstruction.decode(bytes)
    } catch {
      throw .partial(error)
    }
    try self.init(raw: raw)
  }

  /// Reads bytes as the kernel does, which never looks at the fields that a code leaves unused.
  ///
  /// - Parameter bytes: The whole program, little-endian.
  /// - Throws: `ProgramError`, but never `notCanonical`.
  public init(ignoringUnusedFieldsOf bytes: [UInt8]) throws(ProgramError) {
    let raw: [RawInstruction]
    do throws(RawInstruction.PartialInstruction) {
      raw = try RawInstruction.decode(bytes)
    } catch {
      throw .partial(error)
    }
    do throws(VerifierError) {
      try Verifier.check(raw)
    } catch {
      throw .refused(error)
    }
    var canonical: [RawInstruction] = []
    for (index, instruction) in raw.enumerated() {
      do throws(Instruction.DecodingError) {
        canonical.append(try Instruction(ignoringUnusedFieldsOf: instruction).raw)
      } catch {
        throw .notCanonical(error, index: index)
      }
    }
    try self.init(raw: canonical)
  }

  /// The program as the kernel receives it.
  public var rawInstructions: [RawInstruction] { instructions.map { $0.raw } }

  /// The program as bytes: a little-endian `struct sock_filter[]`.
  public var bytes: [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(RawInstruction.size * instructions.count)
    for instruction in instructions { instruction.raw.append(to: &bytes) }
    return bytes
  }
}

/// Why bytes or encoded instructions are no `Program`.
public enum ProgramError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The bytes end inside an instruction.
  case partial(RawInstruction.PartialInstruction)
  /// The kernel would answer EINVAL.
  case refused(VerifierError)
  /// The kernel would take it, but the encoding is not the one this instruction has.
  case notCanonical(Instruction.DecodingError, index: Int)

  /// A sentence for people.
  public var description: String {
    switch self {
    case .partial(let error): error.description
    case .refused(let error): error.description
    case .notCanonical(let error, let index): "instruction \(index): \(error.description)"
    }
  }
}
