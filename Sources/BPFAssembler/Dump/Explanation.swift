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
    /// What was asked, where somebody asked about single calls.
    let question: CallQuestion?
    let number: UInt32
    /// In the order of the filter's tests; the last one is what is left.
    let outcomes: [Outcome]
    /// Whether there were more ways than are listed.
    let isCut: Bool
    /// Whether Linux 5.11 and later allow the call without running the filter.
    let isFree: Bool
    /// Whether a rule of the policy names the call; of a filter that was read, whether its arguments matter.
    let isNamed: Bool
    /// What was asked and cannot be answered on this ABI, in sentences.
    let remarks: [String]
    /// Upper halves of arguments that the kernel takes as 32 bits and the filter looks at all the same.
    let junkArguments: [String]

    /// Whether the call is allowed whatever its arguments are.
    var isAlwaysAllowed: Bool {
      !isCut && outcomes.allSatisfy { $0.answer == SeccompReturn.allow }
    }
  }

  /// All known calls of one ABI by number, or those that were asked about.
  struct Table {
    let architecture: Architecture
    /// The ABI's name, or x32.
    let name: String
    var calls: [Call]
    /// Calls that were asked about and that the ABI does not have.
    var missing: [Syscall] = []

    /// How many of the calls that are always allowed are free, and how many there are.
    var free: (count: Int, of: Int) {
      let allowed = calls.filter { $0.isAlwaysAllowed }
      return (allowed.filter { $0.isFree }.count, allowed.count)
    }
  }

  /// The filters of the policy; at least one.
  let filters: [CompiledPolicy]
  let name: String
  /// The native ABI first.
  let tables: [Table]
  /// The calls that were asked about; `nil` where all are told.
  let questions: [CallQuestion]?
  /// What decides about them besides the filter, in sentences.
  let others: [String]

  /// Reads a filter.
  ///
  /// - Parameters:
  ///   - compiled: The filter with the reasons for its instructions.
  ///   - name: What the policy is called.
  ///   - questions: The calls to tell about; `nil` is all.
  ///   - others: What decides about these besides the filter, in sentences.
  public init(
    _ compiled: CompiledPolicy, name: String, about questions: [CallQuestion]? = nil,
    beside others: [String] = []
  ) {
    self.init([compiled], name: name, about: questions, beside: others)
  }

  /// Reads all filters of a policy.
  ///
  /// - Parameters:
  ///   - filters: What `CompiledPolicy.filters(of:for:)` returns, all of it.
  ///   - name: What the policy is called.
  ///   - questions: The calls to tell about; `nil` is all.
  ///   - others: What decides about these besides the filters, in sentences.
  public init(
    _ filters: [CompiledPolicy], name: String, about questions: [CallQuestion]? = nil,
    beside others: [String] = []
  ) {
    self.others = others
    self.filters = filters
    self.name = name
    self.questions = questions
    let compiled = filters[0]
    let native = compiled.architecture
    let architectures = [native] + (native.compat.map { [$0] } ?? [])
    guard let questions else {
      tables = architectures.map { architecture in
        let calls = Syscall.known(on: architecture).compactMap { syscall in
          syscall.number(on: architecture).map { number in
            Self.call(syscall, number, architecture, filters)
          }
        }
        return Table(architecture: architecture, name: architecture.name, calls: calls)
      }
      return
    }
    var tables = architectures.map { Self.table(of: questions, on: $0, filters) }
    if let first = native.x32Numbers?.lowerBound {
      tables.append(Self.table(of: questions, on: native, named: "x32", from: first, filters))
    }
    self.tables = tables
  }

  /// What was asked, on one ABI whose numbers begin at `first`.
  private static func table(
    of questions: [CallQuestion], on architecture: Architecture, named name: String? = nil,
    from first: UInt32 = 0, _ filters: [CompiledPolicy]
  ) -> Table {
    var table = Table(architecture: architecture, name: name ?? architecture.name, calls: [])
    for question in questions {
      if let number = question.syscall.number(on: architecture) {
        table.calls.append(
          call(question.syscall, number | first, architecture, filters, question))
      } else if !table.missing.contains(question.syscall) {
        table.missing.append(question.syscall)
      }
    }
    return table
  }

  private static func call(
    _ syscall: Syscall, _ number: UInt32, _ architecture: Architecture,
    _ filters: [CompiledPolicy], _ question: CallQuestion? = nil
  ) -> Call {
    // All others allow the call.
    let compiled = filters.first { $0.part?.answers(for: syscall) ?? true } ?? filters[0]
    let rules = compiled.policy.rules.indices.filter {
      compiled.policy.rules[$0].calls.contains(syscall)
    }
    var walk = CallWalk(
      compiled, Wording(compiled.policy), architecture, syscall, number: number,
      rules: rules)
    var remarks: [String] = []
    for (argument, value) in question?.arguments ?? [] {
      if let remark = walk.assume(argument, value) { remarks.append(remark) }
    }
    walk.follow()
    let dependsOnArguments = walk.isCut || walk.outcomes.count > 1
    return Call(
      syscall: syscall, question: question, number: number, outcomes: walk.outcomes,
      isCut: walk.isCut,
      isFree: filters.allSatisfy {
        $0.program.isConstantlyAllowed(nr: number, arch: architecture.auditValue)
      },
      isNamed: compiled.isRead ? dependsOnArguments : !rules.isEmpty, remarks: remarks,
      junkArguments: walk.junkArguments)
  }

  /// The first filter, which says of all what is the same for all: policy and architecture.
  var compiled: CompiledPolicy { filters[0] }

  /// The instructions of all filters.
  var instructionCount: Int { FilterChain(filters).instructionCount }
}
