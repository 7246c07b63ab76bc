/// What a finished filter answers to every known call, read off its instructions.
public struct Explanation: Sendable {
  /// One way through the filter for one call.
  struct Outcome {
    let answer: UInt32
    /// What must hold of the arguments, in words; empty where nothing must.
    let conditions: [String]
    /// The parts of the policy behind the answer that speak of this call.
    let origins: [CompiledPolicy.Origin]
  }

  /// What one call gets.
  struct Call {
    let syscall: Syscall
    let number: UInt32
    /// In the order of the filter's tests; the last one is what is left.
    let outcomes: [Outcome]
    /// Whether there were more ways than are listed.
    let isCut: Bool
    /// Whether Linux 5.11 and later allow the call without running the filter.
    let isFree: Bool
    /// Whether a rule of the policy names the call; of a filter that was read, whether its arguments matter.
    let isNamed: Bool
    /// Upper halves of arguments that the kernel takes as 32 bits and the filter looks at all the same.
    let junkArguments: [String]

    /// Whether the call is allowed whatever its arguments are.
    var isAlwaysAllowed: Bool {
      !isCut && outcomes.allSatisfy { $0.answer == SeccompReturn.allow }
    }
  }

  /// All known calls of one ABI, by number.
  struct Table {
    let architecture: Architecture
    let calls: [Call]

    /// How many of the calls that are always allowed are free, and how many there are.
    var free: (count: Int, of: Int) {
      let allowed = calls.filter { $0.isAlwaysAllowed }
      return (allowed.filter { $0.isFree }.count, allowed.count)
    }
  }

  let compiled: CompiledPolicy
  let name: String
  /// The native ABI first.
  let tables: [Table]

  /// Reads a filter.
  ///
  /// - Parameters:
  ///   - compiled: The filter with the reasons for its instructions.
  ///   - name: What the policy is called.
  public init(_ compiled: CompiledPolicy, name: String) {
    self.compiled = compiled
    self.name = name
    let native = compiled.architecture
    tables = ([native] + (native.compat.map { [$0] } ?? [])).map { architecture in
      let calls = Syscall.known(on: architecture).compactMap { syscall in
        syscall.number(on: architecture).map { number in
          Self.call(syscall, number, architecture, compiled)
        }
      }
      return Table(architecture: architecture, calls: calls)
    }
  }

  private static func call(
    _ syscall: Syscall, _ number: UInt32, _ architecture: Architecture,
    _ compiled: CompiledPolicy
  ) -> Call {
    let rules = compiled.policy.rules.indices.filter {
      compiled.policy.rules[$0].calls.contains(syscall)
    }
    var walk = CallWalk(
      compiled, Wording(compiled.policy), architecture, syscall, number: number,
      rules: rules)
    walk.follow()
    let dependsOnArguments = walk.isCut || walk.outcomes.count > 1
    return Call(
      syscall: syscall, number: number, outcomes: walk.outcomes, isCut: walk.isCut,
      isFree: compiled.program.isConstantlyAllowed(nr: number, arch: architecture.auditValue),
      isNamed: compiled.isRead ? dependsOnArguments : !rules.isEmpty,
      junkArguments: walk.junkArguments)
  }
}
