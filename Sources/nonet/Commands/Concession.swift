internal import BPFAssembler

/// Something that takes protection away from a command because its policy or the command line says so.
///
/// Each is told by `-v`, and by a mark behind the policy's name wherever that stands: in `NONET=`, in
/// logs and in the words at the end.
enum Concession: Equatable {
  /// `layers none`: neither Landlock nor clean descriptors.
  case layers
  /// `--allow`, with the words that no later `--deny` takes back.
  case calls([String])
  /// `--allow-unix`, with its values.
  case unix([String])
  /// `--allow-connect`, with its values.
  case connect([String])
  /// `--allow-listen`, with its values, and whether other machines may be among those who connect.
  case listen([String], isAnywhere: Bool)
  /// `--keep-caps`, with the names.
  case privileges([String])
  /// `--allow-signals`.
  case signals
  /// `--unproved`, where the filter is one that could not be proven.
  case unproved
  /// IP sockets can be made, and no namespace keeps them from the network outside.
  case network(way: String)

  /// What stands behind the policy's name.
  var mark: String {
    switch self {
    case .layers: "+layers(none)"
    case .calls(let words): "+allow(\(words.joined(separator: ",")))"
    case .unix(let words): "+allow-unix(\(words.joined(separator: ",")))"
    case .connect(let words): "+allow-connect(\(words.joined(separator: ",")))"
    case .listen(let words, let isAnywhere):
      "+allow-listen\(isAnywhere ? "-any" : "")(\(words.joined(separator: ",")))"
    case .privileges(let names): "+keep-caps(\(names.joined(separator: ",")))"
    case .signals: "+allow-signals"
    case .unproved: "+unproved"
    case .network: "+network"
    }
  }

  /// What it means, in words.
  var words: String {
    switch self {
    case .layers:
      "'layers none': processes outside can be traced, and what is open stays open"
    case .calls(let words): "--allow \(words.joined(separator: ","))"
    case .unix(let words): "--allow-unix \(words.joined(separator: ", "))"
    case .connect(let words): "--allow-connect \(words.joined(separator: ", "))"
    case .listen(let words, let isAnywhere):
      "--allow-listen \(words.joined(separator: ", ")): who connects there outside reaches the same port inside"
        + (isAnywhere ? "; --allow-listen-any: from other machines too" : "")
    case .privileges(let names): "--keep-caps \(names.joined(separator: ","))"
    case .signals:
      "--allow-signals: processes outside can be signalled, and some start programs then"
    case .unproved: "--unproved: nothing shows that the filter means its policy"
    case .network(let way): "the network can be reached: \(way) makes IP sockets"
    }
  }
}

extension Options {
  /// What the command line takes away from any policy.
  var concessions: [Concession] {
    var concessions: [Concession] = []
    let calls = allowedWords
    if !calls.isEmpty { concessions.append(.calls(calls)) }
    if !allowedUnix.isEmpty { concessions.append(.unix(allowedUnix.map { $0.text })) }
    if !allowedConnects.isEmpty {
      concessions.append(.connect(allowedConnects.map { $0.text }))
    }
    if !allowedListens.isEmpty {
      concessions.append(
        .listen(allowedListens.map { $0.text }, isAnywhere: listensAnywhere))
    }
    if !keptPrivileges.isEmpty { concessions.append(.privileges(keptPrivileges.names)) }
    if allowsSignals { concessions.append(.signals) }
    return concessions
  }

  /// The words of `--allow`, each once, but for those that later options deny altogether.
  private var allowedWords: [String] {
    var words: [String] = []
    for (index, change) in changes.enumerated() where change.verdict == .allow {
      let later = changes[(index + 1)...].filter { $0.verdict != .allow }
      for item in change.items where !words.contains(item.word) {
        let isTakenBack = item.calls.allSatisfy { call in
          later.contains { $0.calls.contains(call) }
        }
        if !isTakenBack { words.append(item.word) }
      }
    }
    return words
  }
}
