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
  /// LANDLOCK_ACCESS_NET_CONNECT_TCP.
  static let firstABIForNetwork = 4
  /// LANDLOCK_ACCESS_NET_BIND_TCP, and the rights of the network that may be about connect(2).
  static let binding: UInt64 = 1
  static let connecting = ~binding

  private let abi: Int
  /// Which rights of the network count here.
  private let rights: UInt64
  /// When the first of those that made the call began, in ticks since boot.
  private var earliest: UInt64 = .max
  /// Whether a ruleset was made that is about connects in the network.
  ///
  /// Most are about files only.
  private var handlesNetwork = false
  /// The first of those, and all of them as far as they are kept in mind, that made the call since.
  private var earliestOfNetwork: UInt64 = .max
  private var entered: [(process: pid_t, start: UInt64)] = []
  private var hasForgotten = false
  private static let most = 256

  /// - Parameters:
  ///   - abi: The Landlock ABI of the kernel, 0 for none.
  ///   - rights: Of the network; those by which a domain may refuse what the supervisor does.
  init(abi: Int, rights: UInt64 = Self.connecting) {
    self.abi = abi
    self.rights = rights
  }

  /// Notes a process one of whose threads is about to enter a domain.
  ///
  /// - Parameters:
  ///   - process: The process.
  ///   - start: When it began; `nil` where that is not known.
  mutating func note(_ process: pid_t, _ start: UInt64?) {
    earliest = min(earliest, start ?? 0)
    guard handlesNetwork else { return }
    earliestOfNetwork = min(earliestOfNetwork, start ?? 0)
    guard let start, !entered.contains(where: { $0 == (process, start) }) else { return }
    if entered.count == Self.most { entered.removeAll { startTime(of: $0.process) != $0.start } }
    if entered.count < Self.most { entered.append((process, start)) } else { hasForgotten = true }
  }

  /// Notes a ruleset that somebody is about to make (landlock_create_ruleset(2)).
  ///
  /// - Parameter rights: What it handles of the network; `nil` where that is not known.
  mutating func note(rulesetHandling rights: UInt64?) {
    if (rights ?? .max) & self.rights != 0 { handlesNetwork = true }
  }

  /// Whether a domain of its own may refuse a process what is done for it in the network.
  ///
  /// Tools enter a domain for themselves and end (xz does), and what is started after them shall have its
  /// network still. So the process and those it descends from are looked at: none of them is known to have
  /// made the call. One whose parent has ended may descend from anybody.
  ///
  /// - Parameters:
  ///   - process: The process.
  ///   - command: The first one of the run.
  /// - Returns: `false` where it does not, as far as is known.
  func mayRefuseNetwork(_ process: pid_t, command: pid_t) -> Bool {
    guard earliestOfNetwork != .max else { return false }
    var next = process
    for _ in 0..<256 {
      guard let (parent, start) = beginning(of: next) else { return true }
      if start < earliestOfNetwork { return false }
      if hasForgotten || entered.contains(where: { $0 == (next, start) }) { return true }
      if next == command { return false }
      if parent == OwnProcess.number { return true }
      next = parent
    }
    return true
  }

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
