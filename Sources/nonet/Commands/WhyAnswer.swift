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

  /// What becomes of abstract names in a network of the run's own.
  static let ownAbstractNames = WhyAnswer.letThrough(
    .inside, .namespace, "abstract names belong to a network, and the run has one of its own")

  /// The same answer where the usual call is refused, with the way that is open.
  func by(_ way: WhyWays.Way?) -> WhyAnswer {
    guard let way, !way.isUsual else { return self }
    return WhyAnswer(
      reach: reach, layer: layer, errno: errno, rule: rule,
      words: "not by the usual call, but by \(way.words); \(words)")
  }

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
