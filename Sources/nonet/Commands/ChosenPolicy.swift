internal import BPFAssembler
internal import CLinuxShims

/// The policy that the command line asks for, ready to be compiled.
struct ChosenPolicy {
  let policy: Policy
  let names: PolicyNames
  private let acceptsUnproved: Bool
  private let isQuiet: Bool

  /// Reads the policy and applies what the command line changes about it.
  ///
  /// - Throws: A failure with every error of the policy's text.
  init(_ options: Options) throws(Failure) {
    let (name, file, text) = try Self.source(options.policy)
    let parsed: ParsedPolicy
    do throws(PolicyError) {
      parsed = try Policy.parse(text)
    } catch {
      throw .refused(Self.words(error, file))
    }
    if !options.isQuiet {
      for warning in parsed.warnings { say(warning.text(name: file)) }
    }
    var policy = parsed.policy
    var places = parsed.ruleLines.map { "\(file):\($0)" }
    policy.refusal = options.errno
    // What is said later stands before what was said earlier, and all of it before the policy.
    for change in options.changes {
      policy.rules.insert(Rule(change.verdict, change.calls), at: 0)
      places.insert(change.verdict == .allow ? "--allow" : "--deny", at: 0)
    }
    self.policy = policy
    names = PolicyNames(policy: name, places: places)
    acceptsUnproved = options.acceptsUnproved
    isQuiet = options.isQuiet
  }

  /// Compiles the policy for a machine and proves that the program means it.
  func checked(
    for architecture: Architecture
  ) throws(Failure) -> (compiled: CompiledPolicy, program: CheckedProgram) {
    let compiled: CompiledPolicy
    do throws(CompilerError) {
      compiled = try CompiledPolicy(policy, for: architecture)
    } catch {
      throw .refused("policy \(names.policy): \(Self.words(error, policy))")
    }
    do throws(ProofError) {
      let program = try CheckedProgram(
        compiled.program, means: policy, for: architecture, acceptsUndecided: acceptsUnproved)
      if let doubt = program.doubt, !isQuiet {
        say("policy \(names.policy): the filter is used unproved: \(doubt)")
      }
      return (compiled, program)
    } catch {
      throw .refused("policy \(names.policy): \(Self.words(error))")
    }
  }

  private static func source(
    _ choice: Options.PolicyChoice
  ) throws(Failure) -> (name: String, file: String, text: [UInt8]) {
    switch choice {
    case .preset(let preset):
      return (preset.name, "\(preset.name).policy", preset.text)
    case .file(let word):
      do throws(SystemError) {
        let file = try Descriptor(reading: word.pointer)
        return (word.text, word.text, try file.contents(limit: Policy.largestText))
      } catch {
        throw .refused("cannot read the policy '\(word.text)': \(error.reason)")
      }
    case .standardInput:
      do throws(SystemError) {
        let text = try readAll(from: STDIN_FILENO, limit: Policy.largestText)
        return ("standard input", "standard input", text)
      } catch {
        throw .refused("cannot read the policy from standard input: \(error.reason)")
      }
    }
  }

  private static func words(_ error: PolicyError, _ file: String) -> String {
    let count = error.diagnostics.count
    let texts = error.diagnostics.map { $0.text(name: file) }
    let sum = count == 1 ? "1 error" : "\(count) errors"
    return texts.joined(separator: "\n") + "\n\(sum); the policy was not used"
  }

  private static func words(_ error: ProofError) -> String {
    switch error {
    case .disproved(let counterexample):
      "the compiler made a wrong program, which was not used: \(counterexample); please report this"
    case .undecided(let undecided):
      "the program could not be proven right: \(undecided); say less in one call's rules, or "
        + "accept it with --unproved"
    }
  }

  private static func words(_ error: CompilerError, _ policy: Policy) -> String {
    switch error {
    case .tooLong(let count):
      "compiles to \(count) instructions, and the kernel takes at most "
        + "\(CompiledPolicy.mostInstructions); say less, or merge rules"
    case .noSuchArgument(let rule, let call, let architecture):
      "rule \(rule + 1) ('\(policy.rules[rule])') asks for an argument that \(call.name) does not "
        + "have on \(architecture)"
    case .refused(let error):
      "the compiler made a program that the kernel would refuse (\(error)); please report this"
    }
  }
}
