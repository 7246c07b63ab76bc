/// Prints compiled policies.
public struct Dump: Sendable {
  private let name: String
  private let policies: [CompiledPolicy]

  /// Makes a printer.
  ///
  /// - Parameters:
  ///   - policies: One policy, compiled for one or more architectures.
  ///   - name: What the policy is called.
  public init(_ policies: [CompiledPolicy], name: String) {
    self.policies = policies
    self.name = name
  }

  /// The output in a format, the same on every host.
  ///
  /// - Parameter format: Any format; one that cannot hold several programs runs them together.
  /// - Returns: The bytes to print.
  public func bytes(_ format: Format) -> [UInt8] { format.print(policies, name) }
}

extension Dump {
  /// A way to print filters; `all` is the list of them.
  public struct Format: Sendable {
    /// The name by which users ask for it.
    public let name: String
    /// Whether the programs of several architectures can stand in one output.
    public let holdsSeveral: Bool
    fileprivate let print: @Sendable (_ policies: [CompiledPolicy], _ name: String) -> [UInt8]

    init(
      _ name: String, holdsSeveral: Bool,
      print: @escaping @Sendable (_ policies: [CompiledPolicy], _ name: String) -> [UInt8]
    ) {
      self.name = name
      self.holdsSeveral = holdsSeveral
      self.print = print
    }
  }
}

extension Dump.Format {
  /// Every format, in the order in which messages name them.
  public static var all: [Dump.Format] {
    [.listing, .bpfAsm, .raw, .hex, .c, .json, .decimal, .dot, .smt2]
  }

  /// The format of that name, or nil.
  public init?(named name: String) {
    guard let format = Self.all.first(where: { $0.name == name }) else { return nil }
    self = format
  }
}

extension Dump.Format: Equatable {
  /// Whether both are the same format; no two have one name.
  public static func == (left: Dump.Format, right: Dump.Format) -> Bool {
    left.name == right.name
  }
}
