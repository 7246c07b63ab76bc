internal import BPFAssembler

/// `nonet --check-policy` and `nonet --format-policy`: what editors and CI ask about a policy's text.
struct PolicyText {
  private let options: Options
  private let name: String
  private let path: [UInt8]
  private let text: [UInt8]

  /// Reads the text.
  ///
  /// - Parameters:
  ///   - choice: Where it is.
  ///   - options: How what is found is printed, and for which architectures the policy is compiled.
  /// - Throws: Why it cannot be read.
  init(_ choice: Options.PolicyChoice, _ options: Options) throws(Failure) {
    self.options = options
    switch try PolicySource(choice) {
    case .policy(_, let file, let path, let text):
      (name, self.path, self.text) = (file, path, text)
    case .profile(let name, _):
      throw .refused(
        "'\(name)' is a profile in JSON, which --explain and --diff take; this option takes policies"
      )
    }
  }

  /// Prints the errors and warnings of the text.
  ///
  /// - Returns: 1 where there is an error, else 0.
  func check() throws(Failure) -> CInt {
    let format = try options.words(of: "--check-policy")
    let found = try diagnostics()
    let errors = found.filter { $0.severity == .error }.count
    if format == .json {
      try printOut(JSONText.lines(found.map(json)) + "\n")
    } else {
      let warnings = found.count - errors
      let lines = found.map { $0.text(name: name) }
      let sum =
        "\(name): \(errors == 1 ? "1 error" : "\(errors) errors"), "
        + (warnings == 1 ? "1 warning" : "\(warnings) warnings")
      try printOut((lines + [sum]).joined(separator: "\n") + "\n")
    }
    return errors > 0 ? 1 : 0
  }

  private func json(_ diagnostic: PolicyDiagnostic) -> String {
    JSONText.object([
      ("file", JSONText.string(diagnostic.file ?? name)),
      ("severity", JSONText.string(diagnostic.severity == .error ? "error" : "warning")),
      ("line", "\(diagnostic.line)"), ("column", "\(diagnostic.column)"),
      ("end_column", "\(diagnostic.column + diagnostic.length)"),
      ("message", JSONText.string(diagnostic.message)),
    ])
  }

  private func diagnostics() throws(Failure) -> [PolicyDiagnostic] {
    let read: PolicySource.Read
    do throws(PolicyError) {
      read = try PolicySource.read(text, name, path)
    } catch {
      return error.diagnostics
    }
    var found: [PolicyDiagnostic] = []
    for architecture in options.chosenArchitectures {
      do throws(CompilerError) {
        _ = try CompiledPolicy.filters(of: read.policy, for: architecture)
      } catch {
        guard let missing = ChosenPolicy.missingArgument(error, in: read.policy, read.parsed) else {
          throw .refused(ChosenPolicy.words(error, in: read.policy, name))
        }
        found.append(missing)
      }
    }
    return found + (read.parsed?.warnings ?? [])
  }

  /// Prints the text in its canonical form; under `--check` only says where it differs from that.
  ///
  /// - Returns: 1 where it differs under `--check`, else 0.
  func format() throws(Failure) -> CInt {
    let formatted: [UInt8]
    do throws(PolicyError) {
      _ = try PolicySource.read(text, name, path)
      formatted = try Policy.formatted(text)
    } catch {
      throw ChosenPolicy.failure(error, name)
    }
    guard options.isChecking else {
      try printOut(formatted)
      return 0
    }
    if formatted == text { return 0 }
    let same = zip(formatted, text).prefix { $0 == $1 }
    let line = same.filter { $0.0 == UInt8(ascii: "\n") }.count + 1
    say("\(name):\(line): not as --format-policy prints it")
    return 1
  }
}
