internal import BPFAssembler
internal import CLinuxShims

/// The policy that the command line asks for, ready to be compiled.
struct ChosenPolicy {
  let policy: Policy
  let names: PolicyNames

  /// Reads the policy and applies what the command line changes about it.
  ///
  /// - Parameters:
  ///   - options: The command line.
  ///   - deniesDebug: Whether the calls of `@debug` are denied, unless the command line allows them.
  /// - Throws: A failure with every error of the policy's text.
  init(_ options: Options, deniesDebug: Bool = false) throws(Failure) {
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
    let debug = Options.Change(verdict: .deny(nil), calls: SyscallGroup.debug.calls)
    for change in (deniesDebug ? [debug] : []) + options.changes {
      policy.rules.insert(Rule(change.verdict, change.calls), at: 0)
      places.insert(change.verdict == .allow ? "--allow" : "--deny", at: 0)
    }
    self.policy = policy
    names = PolicyNames(policy: name, places: places)
  }

  /// Compiles the policy for a machine.
  func compiled(for architecture: Architecture) throws(Failure) -> CompiledPolicy {
    do throws(CompilerError) {
      return try CompiledPolicy(policy, for: architecture)
    } catch {
      throw .refused(words(error))
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

  private func words(_ error: CompilerError) -> String {
    switch error {
    case .tooLong(let count):
      "policy \(names.policy) compiles to \(count) instructions, and the kernel takes at most "
        + "\(CompiledPolicy.mostInstructions); say less, or merge rules"
    case .noSuchArgument(let rule, let call, let architecture):
      "\(names.places[rule]): \(call.name) has no such argument on \(architecture), for which the "
        + "rules are compiled too; use arg0 to arg5, or say 'foreign deny'"
    case .refused(let error):
      "policy \(names.policy): the compiler made a program that the kernel would refuse "
        + "(\(error)); please report this"
    }
  }
}
