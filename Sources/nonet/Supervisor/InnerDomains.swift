/// Which threads may be in a Landlock domain of their own, beside that of the command.
///
/// The kernel tells nobody in which domain a thread is. But a thread gets one only by
/// landlock_restrict_self(2), about which the filter asks, or from the process that started its own
/// process; and that one began before. So a process that began before every process that has made the
/// call is in none. (The numbers of pidfs would be finer, but follow each other on one processor only.)
struct InnerDomains {
  /// LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET came with ABI 6, LANDLOCK_ACCESS_FS_RESOLVE_UNIX with 9;
  /// no other right is about connect(2) on AF_UNIX (hook_unix_stream_connect and hook_unix_find in
  /// security/landlock).
  static let firstABIForAbstract = 6
  static let firstABIForPaths = 9

  private let abi: Int
  /// When the first of those that made the call began, in ticks since boot.
  private var earliest: UInt64 = .max

  /// - Parameter abi: The Landlock ABI of the kernel, 0 for none.
  init(abi: Int) {
    self.abi = abi
  }

  /// Notes a process one of whose threads is about to enter a domain.
  ///
  /// - Parameter start: When it began; `nil` where that is not known.
  mutating func note(_ start: UInt64?) { earliest = min(earliest, start ?? 0) }

  /// Whether a domain of its own may refuse a thread a connect.
  ///
  /// - Parameters:
  ///   - isAbstract: Whether the address is a name rather than a path.
  ///   - start: Answers when its process began, and is asked only where it matters.
  /// - Returns: `false` where it certainly does not.
  func mayRefuse(isAbstract: Bool, _ start: () -> UInt64?) -> Bool {
    mayRefuse(from: isAbstract ? Self.firstABIForAbstract : Self.firstABIForPaths, start)
  }

  /// Whether a domain of its own may refuse a thread what domains can refuse from an ABI on.
  func mayRefuse(from first: Int, _ start: () -> UInt64?) -> Bool {
    guard earliest != .max, abi >= first else { return false }
    guard let start = start() else { return true }
    return start >= earliest
  }
}
