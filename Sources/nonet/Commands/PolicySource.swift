internal import BPFAssembler

/// The text of a policy or profile, read once and used for every architecture that is asked for.
enum PolicySource {
  /// A policy of our own language, with the path of its file; of a text that has none, nothing.
  case policy(name: String, file: String, path: [UInt8], [UInt8])
  /// A profile of container engines.
  case profile(name: String, ProfileDocument)

  /// What a text comes to on one machine.
  struct Read {
    let policy: Policy
    /// The text, for errors that only the compiler sees; `nil` for a profile.
    var parsed: ParsedPolicy?
    /// What the text asks for besides the filter.
    var layers = Layers()
    /// Whether the text has the line `network allowed`.
    var expectsNetwork = false
  }

  /// Reads the text.
  ///
  /// - Parameter choice: Where it comes from.
  /// - Throws: What kept it from being read, and what is wrong with a profile.
  init(_ choice: Options.PolicyChoice) throws(Failure) {
    switch choice {
    case .preset(let preset):
      self = .policy(name: preset.name, file: "\(preset.name).policy", path: [], preset.text)
    case .file(let word):
      let isProfile = OptionParser.isProfile(word.bytes)
      let limit = isProfile ? ProfileReader.options.mostBytes : Policy.largestText
      let text: [UInt8]
      do throws(SystemError) {
        text = try Descriptor(reading: word.pointer).contents(limit: limit)
      } catch {
        throw .refused(
          "cannot read the \(isProfile ? "profile" : "policy") '\(word.text)': \(error.reason)")
      }
      try self.init(text, named: word.text, at: word.bytes, isProfile: isProfile)
    case .standardInput:
      let text: [UInt8]
      do throws(SystemError) {
        text = try readAll(from: STDIN_FILENO, limit: ProfileReader.options.mostBytes)
      } catch {
        throw .refused("cannot read the policy from standard input: \(error.reason)")
      }
      // No line of a policy begins so.
      let first = text.first { $0 > UInt8(ascii: " ") }
      try self.init(text, named: "standard input", at: [], isProfile: first == UInt8(ascii: "{"))
    }
  }

  /// Reads the profile of `--merge`.
  ///
  /// - Parameter file: Its file.
  /// - Throws: What kept it from being read, and what is wrong with it.
  init(profile file: Word) throws(Failure) {
    let text: [UInt8]
    do throws(SystemError) {
      text = try Descriptor(reading: file.pointer).contents(limit: ProfileReader.options.mostBytes)
    } catch {
      throw .refused("cannot read the profile '\(file.text)': \(error.reason)")
    }
    try self.init(text, named: file.text, at: file.bytes, isProfile: true)
  }

  private init(
    _ text: [UInt8], named name: String, at path: [UInt8], isProfile: Bool
  ) throws(Failure) {
    guard isProfile else {
      self = .policy(name: name, file: name, path: path, text)
      return
    }
    do throws(ProfileError) {
      self = .profile(name: name, try ProfileDocument(text, named: name))
    } catch {
      throw .refused("\(error.message)\nthe profile was not used")
    }
  }

  /// What the policy is called.
  var name: String {
    switch self {
    case .policy(let name, _, _, _), .profile(let name, _): name
    }
  }

  /// What its text is called in messages.
  var file: String {
    switch self {
    case .policy(_, let file, _, _), .profile(let file, _): file
    }
  }

  /// The policy for one machine; its warnings are said here.
  ///
  /// - Parameters:
  ///   - architecture: The machine.
  ///   - isQuiet: Whether they are not.
  ///   - capabilities: Those of the command under some layers; asked for a profile alone.
  /// - Returns: The policy, with what its text asks for besides.
  /// - Throws: A failure with every error of the text.
  func policy(
    for architecture: Architecture, isQuiet: Bool,
    capabilities: (Layers) throws(Failure) -> [[UInt8]]
  ) throws(Failure) -> Read {
    switch self {
    case .policy(_, let file, let path, let text):
      do throws(PolicyError) {
        let read = try Self.read(text, file, path)
        if !isQuiet { for warning in read.parsed?.warnings ?? [] { say(warning.text(name: file)) } }
        return read
      } catch {
        throw ChosenPolicy.failure(error, file)
      }
    case .profile(_, let document):
      let capabilities = try capabilities(Layers())
      do throws(ProfileError) {
        let target = ProfileTarget(
          architecture: architecture, kernel: KernelVersion(Here.release.utf8),
          capabilities: capabilities)
        let (policy, warnings) = try document.policy(for: target)
        if !isQuiet { for warning in warnings { say(warning) } }
        return Read(policy: policy)
      } catch {
        throw .refused("\(error.message)\nthe profile was not used")
      }
    }
  }

  /// Reads the text of a policy with all that it includes.
  ///
  /// - Throws: Every error, that of a word which is no layer among them.
  static func read(
    _ text: [UInt8], _ file: String, _ path: [UInt8]
  ) throws(PolicyError) -> Read {
    let parsed = try Policy.parse(text, named: file, at: path, including: PolicyFile.included)
    var errors: [PolicyDiagnostic] = []
    let read = Read(
      policy: parsed.policy, parsed: parsed, layers: Layers(parsed.layers, &errors),
      expectsNetwork: expectsNetwork(parsed.network, &errors))
    if !errors.isEmpty { throw PolicyError(diagnostics: errors) }
    return read
  }

  /// Whether a policy has the line `network allowed`; any other word is an error.
  private static func expectsNetwork(
    _ words: [PolicyWord]?, _ errors: inout [PolicyDiagnostic]
  ) -> Bool {
    for word in words ?? [] where word.text != "allowed" {
      errors.append(word.error("expected 'network allowed', not '\(word.text)'"))
    }
    return words != nil
  }
}

/// What `--policy` and `--merge` name, each read once.
struct PolicySources {
  let own: PolicySource
  let merged: PolicySource?

  /// One policy alone.
  init(_ own: PolicySource) {
    self.own = own
    merged = nil
  }

  /// Reads both.
  ///
  /// - Throws: What kept one from being read.
  init(_ options: Options) throws(Failure) {
    own = try PolicySource(options.policy)
    var merged: PolicySource?
    if let file = options.merged { merged = try PolicySource(profile: file) }
    self.merged = merged
  }

  /// What the policy is called, and what it is merged with.
  var name: String { own.name + (merged.map { "+merge(\($0.name))" } ?? "") }
}
