/// What a command with sockets of an empty network may reach all the same, and who serves it.
struct NetworkAllowance {
  /// Where TCP may be connected to; nowhere where only destinations are wanted.
  let endpoints: [AllowedEndpoints]
  /// Whether names in DNS queries are wanted.
  let wantsDestinations: Bool
  /// The errno of refusals.
  let refusal: CInt
  var own: OwnIDs
  /// The Landlock ABI of the kernel, 0 where it has none.
  let landlockABI: Int
  /// What a security module calls this process.
  let label: [UInt8]?
  /// How many filters the command begins with, its own included.
  let filters: UInt64

  /// LANDLOCK_ACCESS_NET_CONNECT_TCP came with ABI 4.
  static let firstLandlockABI = 4

  /// Whether something of its own may hold a thread back from a connect, and would be passed over: a label
  /// of a security module, or a filter that came later and may ask a tracer.
  func mayBeHeldBack(_ status: ThreadStatus, _ thread: pid_t) -> Bool {
    status.filters != filters || label != nil && securityLabel(of: thread) != label
  }
}
