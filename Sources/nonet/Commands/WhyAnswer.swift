internal import BPFAssembler

/// What `--why` answers.
struct WhyAnswer {
  /// What decides.
  enum Layer: String {
    case filter, landlock, namespace, supervisor, observe, none
  }

  /// Where it leads that is let through.
  enum Reach: String {
    /// To what is there without nonet.
    case outside
    /// To the command's own processes alone.
    case inside
  }

  /// `nil` where it is refused.
  let reach: Reach?
  let layer: Layer
  /// What a refused call answers, where that is known.
  var errno: Errno?
  /// Which rule of the policy, where it is one.
  var rule: String?
  /// What the layer does, in a few words.
  let words: String

  var isLetThrough: Bool { reach != nil }

  static func letThrough(_ reach: Reach, _ layer: Layer, _ words: String, rule: String? = nil)
    -> WhyAnswer
  {
    WhyAnswer(reach: reach, layer: layer, rule: rule, words: words)
  }

  /// What becomes of an address in a network that has nothing but a loopback of its own.
  ///
  /// - Parameters:
  ///   - endpoint: The address.
  ///   - errno: What any address answers that is not of loopback.
  /// - Returns: That it stays inside, or is refused.
  static func ownNetwork(_ endpoint: Endpoint, otherwise errno: Errno?) -> WhyAnswer {
    if endpoint.isLoopback {
      return .letThrough(
        .inside, .namespace,
        "the run has a loopback of its own, and what listens outside is not on it")
    }
    return .refused(
      .namespace, errno, "the run has a network of its own, with nothing but loopback")
  }

  /// What becomes of abstract names in a network of the run's own.
  static let ownAbstractNames = WhyAnswer.letThrough(
    .inside, .namespace, "abstract names belong to a network, and the run has one of its own")

  static func refused(_ layer: Layer, _ errno: Errno?, _ words: String, rule: String? = nil)
    -> WhyAnswer
  {
    WhyAnswer(reach: nil, layer: layer, errno: errno, rule: rule, words: words)
  }
}

/// An option that would let a target through, found out by asking again with it.
struct WhyOption {
  /// The option as a command line says it.
  let option: String
  /// For a person: what it is for, and the option.
  let words: String
}

extension Advice {
  /// The option that it names, and its value.
  var option: (name: OptionName, value: [UInt8]?) {
    switch self {
    case .ownListener, .ownNetwork: (.loopback, nil)
    case .ownServer(let address): (.allowListen, Array(address.utf8))
    case .outside(let address): (.allowConnect, Array(address.utf8))
    case .ownSocket: (.allowUnix, Array("inside".utf8))
    case .namedSocket(let path): (.allowUnix, path)
    }
  }

  /// What it is, and its option alone.
  var answer: String {
    guard case .ownServer(let address) = self else { return words }
    return "a listener of its own on \(address) for who is outside: try --allow-listen \(address)"
  }

  /// Whether it is for what is there without nonet, and not for the command's own.
  var isForOutside: Bool {
    switch self {
    case .outside, .namedSocket, .ownServer: true
    case .ownListener, .ownSocket, .ownNetwork: false
    }
  }
}
