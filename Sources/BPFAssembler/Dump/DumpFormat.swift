/// The ways to print a filter.
public enum DumpFormat: String, CaseIterable, Hashable, Sendable {
  /// For reading: line, fields, mnemonic, meaning and the rule that asked for it.
  case listing
  /// The kernel assembler's dialect; it assembles back to the same bytes.
  case bpfAsm = "bpf_asm"
  /// `struct sock_filter[]`, little-endian, as `bwrap --seccomp` takes it.
  case raw
  /// One instruction a line: the eight bytes in hexadecimal.
  case hex
  /// A C array of `struct sock_filter`.
  case c
  /// A JSON object with instructions, rules and origins.
  case json
  /// A count, then one instruction a line in decimal, as `tcpdump -ddd` prints.
  case decimal
  /// A graph for Graphviz.
  case dot

  /// Whether the programs of several architectures can stand in one output.
  public var holdsSeveral: Bool {
    switch self {
    case .listing, .c, .json, .dot: true
    case .bpfAsm, .raw, .hex, .decimal: false
    }
  }
}

/// What a policy is called and where its rules come from, for people who follow an instruction back.
public struct PolicyNames: Hashable, Sendable {
  /// The name of the preset or file.
  public let policy: String
  /// For each rule where it stands, such as `default.policy:10` or `--deny`.
  public let places: [String]

  /// Makes the names of a policy.
  ///
  /// - Parameters:
  ///   - policy: The name of the preset or file.
  ///   - places: For each rule where it stands.
  public init(policy: String, places: [String]) {
    self.policy = policy
    self.places = places
  }
}

/// Prints compiled policies.
public struct Dump: Sendable {
  private let names: PolicyNames
  private let policies: [CompiledPolicy]

  /// Makes a printer.
  ///
  /// - Parameters:
  ///   - policies: One policy, compiled for one or more architectures.
  ///   - names: What the policy and its rules are called.
  public init(_ policies: [CompiledPolicy], _ names: PolicyNames) {
    self.policies = policies
    self.names = names
  }

  /// The output in a format, the same on every host.
  ///
  /// - Parameter format: Any format; one that cannot hold several programs runs them together.
  /// - Returns: The bytes to print.
  public func bytes(_ format: DumpFormat) -> [UInt8] {
    switch format {
    case .listing: text { Listing($0, names).text }
    case .bpfAsm: text { $0.program.text }
    case .raw: policies.flatMap { $0.program.bytes }
    case .hex: text { $0.program.hexadecimal }
    case .c: Array((policies.map { $0.cArray(names) }.joined(separator: "\n")).utf8)
    case .json: Array((JSONDump(policies, names).text + "\n").utf8)
    case .decimal: text { $0.program.decimal }
    case .dot: text { $0.graph(names) }
    }
  }

  private func text(_ print: (CompiledPolicy) -> String) -> [UInt8] {
    Array(policies.map(print).joined(separator: "\n").utf8)
  }
}
