/// A package tool's own switch for working offline, as a variable of the environment.
///
/// Without it a tool takes a refused connection for a passing fault and tries again and again;
/// Documentation/offline.md has the times. It protects nothing: the command may unset it.
struct OfflineSwitch {
  let variable: StaticString
  let value: String
  /// Who reads it, for messages.
  let tool: String

  private init(_ variable: StaticString, _ value: String, _ tool: String) {
    self.variable = variable
    self.value = value
    self.tool = tool
  }

  /// All that are set, each tried with the tool itself.
  ///
  /// GRADLE_OPTS is not among them: Gradle hands it to the Java machine, which knows no `--offline`
  /// and does not start.
  static let all = [
    OfflineSwitch("CARGO_NET_OFFLINE", "true", "Cargo"),
    OfflineSwitch("COMPOSER_DISABLE_NETWORK", "1", "Composer"),
    OfflineSwitch("COREPACK_ENABLE_NETWORK", "0", "Corepack"),
    OfflineSwitch("GOPROXY", "off", "Go"),
    OfflineSwitch("HF_HUB_OFFLINE", "1", "Hugging Face"),
    OfflineSwitch("MAVEN_ARGS", "--offline", "Maven 3.9"),
    OfflineSwitch("PIP_NO_INDEX", "1", "pip"),
    OfflineSwitch("UV_OFFLINE", "1", "uv"),
    OfflineSwitch("YARN_ENABLE_NETWORK", "0", "Yarn"),
    OfflineSwitch("npm_config_offline", "true", "npm"),
  ]

  /// The user's own variable for this switch, whatever its value is.
  ///
  /// Upper and lower case count as one name, since npm, pip and Yarn read either, and a second
  /// spelling beside the user's would leave it to chance which of them wins.
  ///
  /// - Parameter names: The names in the environment.
  /// - Returns: The name as the user wrote it; `nil` where there is none.
  func name(among names: [String]) -> String? {
    let own = "\(variable)".utf8.map { $0.lowercased }
    return names.first { $0.utf8.map { $0.lowercased } == own }
  }
}
