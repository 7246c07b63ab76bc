/// The policies that come with nonet, written in the policy language and embedded at build time.
public enum Preset: Hashable, Sendable, CaseIterable {
  /// No network; pipes and socket pairs inside go on.
  case `default`
  /// No sockets of any kind, and fewer ways around.
  case strict
  /// No network, but every AF_UNIX socket.
  case unix
  /// TCP and UDP inside a private network namespace.
  case loopback

  /// The name that `--policy` takes.
  public var name: String {
    switch self {
    case .default: "default"
    case .strict: "strict"
    case .unix: "unix"
    case .loopback: "loopback"
    }
  }

  /// Finds a preset by name.
  ///
  /// - Parameter name: What `--policy` was given.
  public init?(named name: String) {
    guard let preset = Self.allCases.first(where: { $0.name == name }) else { return nil }
    self = preset
  }

  /// The text of the policy.
  public var text: [UInt8] {
    switch self {
    case .default: PackageResources.default_policy
    case .strict: PackageResources.strict_policy
    case .unix: PackageResources.unix_policy
    case .loopback: PackageResources.loopback_policy
    }
  }

  /// The words of the text's `layers` line, with their places.
  ///
  /// No other line is read: a command under a preset starts without reading its rules.
  ///
  /// - Returns: The words; `nil` where there is no such line.
  /// - Throws: What is wrong with that line.
  public func layers() throws(PolicyError) -> [PolicyWord]? {
    try PolicyParser.layers(of: text)
  }
}
