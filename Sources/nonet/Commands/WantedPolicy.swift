internal import BPFAssembler

/// The policy that the command line asks for, before it is known how this machine can confine.
enum WantedPolicy {
  /// A preset as it stands: its filter is built in, and of its text only the layers are read.
  case builtIn(Preset, Layers)
  /// Any other, read and changed as the command line says.
  indirect case read(ChosenPolicy)

  /// Reads what has to be read.
  ///
  /// - Throws: What is wrong with the policy.
  init(_ options: Options) throws(Failure) {
    guard let preset = options.unchangedPreset else {
      self = .read(try ChosenPolicy(options))
      return
    }
    do throws(PolicyError) {
      var errors: [PolicyDiagnostic] = []
      let layers = Layers(try preset.layers(), &errors)
      if !errors.isEmpty { throw PolicyError(diagnostics: errors) }
      self = .builtIn(preset, layers)
    } catch {
      throw ChosenPolicy.failure(error, "\(preset.name).policy")
    }
  }

  /// The policy as it was read, or is read now.
  func read(_ options: Options) throws(Failure) -> ChosenPolicy {
    switch self {
    case .builtIn: try ChosenPolicy(options)
    case .read(let chosen): chosen
    }
  }

  var layers: Layers {
    switch self {
    case .builtIn(_, let layers): layers
    case .read(let chosen): chosen.layers
    }
  }

  /// How IP sockets can be made under the policy; `nil` where they cannot.
  var wayToIP: String? {
    switch self {
    case .builtIn(let preset, _):
      // A filter that is not there yet, while a preset is being made, may do anything.
      guard let filter = preset.filter(for: .host, deniesDebug: false) else { return "socket" }
      return IPSockets.way { filter.program.allows($0) }
    case .read(let chosen): return chosen.wayToIP
    }
  }
}
