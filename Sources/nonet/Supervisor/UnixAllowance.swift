/// What `--allow-unix` lets a command connect to.
struct UnixAllowance {
  /// Sockets on which a process inside listens.
  let allowsInside: Bool
  let sockets: [PinnedFile]
  let folders: [AllowedFolder]
  var own: OwnIDs
  /// The number of the network namespace, where it belongs to the command alone.
  var network: UInt64?
  /// The network outside, where sockets of it may be among the command's.
  var outside: UInt64?
  /// The Landlock ABI of the kernel, 0 where it has none.
  let landlockABI: Int
  /// What a security module calls this process.
  let label: [UInt8]?
  /// How many filters the command begins with, its own included.
  let filters: UInt64

  /// Whether something of its own may hold a thread back from a connect, and would be passed over.
  ///
  /// That is a label of a security module, or a filter that answers SECCOMP_RET_TRACE, which the
  /// supervisor's filter outranks. What a filter answers is not to be known, so any that came later
  /// counts.
  func mayBeHeldBack(_ status: ThreadStatus, _ thread: pid_t) -> Bool {
    status.filters != filters || !hasOwnLabel(thread)
  }

  /// Whether a security module calls a thread as it calls this process.
  func hasOwnLabel(_ thread: pid_t) -> Bool { label == nil || securityLabel(of: thread) == label }

  /// Whether a call in a network of the command's own may be made for a thread: nothing of its own is passed over.
  ///
  /// - Parameters:
  ///   - status: What is known of it.
  ///   - thread: The thread.
  ///   - domains: Knows whether a Landlock domain of its own could refuse it; `nil` where none is about such calls.
  ///   - command: The first process of the run.
  /// - Returns: Whether it may.
  func mayServeNetwork(
    _ status: ThreadStatus, _ thread: pid_t, _ domains: InnerDomains?, command: pid_t
  ) -> Bool {
    // A filter of its own may ask its tracer about the call, which nobody would ask here.
    let mayAskTracer = status.isTraced && status.filters != filters
    return !mayAskTracer && hasOwnLabel(thread)
      && !(domains?.mayRefuseNetwork(status.process, command: command) ?? false)
  }

  /// The ids with which something is done for a thread.
  ///
  /// Capabilities count in the namespace of their owner, and nowhere above it.
  func ids(of status: ThreadStatus, sharesNamespace: Bool) -> ThreadIDs {
    var ids = status.ids
    ids.capabilities = sharesNamespace ? ids.capabilities & own.ids.capabilities : 0
    return ids
  }

  /// Whether a file is one of the sockets that were named.
  func names(_ file: PinnedFile) -> Bool {
    sockets.contains { $0.identity == file.identity }
  }

  /// The allowed folder in which a socket is at this moment.
  func folder(of file: PinnedFile) -> AllowedFolder? {
    folders.first { $0.holds(file) }
  }
}
