internal import BPFAssembler

/// Decides the calls that `supervision.policy` asks about.
///
/// None of them may end or starve those who hold the listener. What they mean for all other processes
/// is the policy's business.
///
/// Registers alone decide, but for pidfd_send_signal, where another thread may exchange the descriptor
/// in the meantime; where the command's Landlock domain has the signal scope, the kernel refuses that.
struct OwnProtection {
  var holders = Holders()
  /// Whether the kernel lets no signal out of the command's Landlock domain (ABI 6).
  let hasSignalScope: Bool

  /// Who must not be ended or starved: every thread of this process, the second holder, who makes sockets for the
  /// command, and who carries what comes from outside.
  struct Holders {
    var second: pid_t = 0
    var maker: pid_t = 0
    var relay: pid_t = 0

    /// Whether a thread or process, by its number as this process sees it, is one of them.
    func contains(_ thread: pid_t) -> Bool {
      thread > 0
        && (thread == second || thread == maker || thread == relay || isOwnThread(thread))
    }
  }

  /// Whom a call means.
  private enum Target {
    /// A process or thread by the argument of this index.
    case thread(Int)
    /// A process by the first argument, a thread of it by the second.
    case threadInProcess
    /// A process, or every process that the caller may signal.
    case processOrAll
    /// A process by the first argument, where the third one has new limits for it.
    case limits
    /// What a pidfd stands for.
    case handle
    /// A process, a process group or a user by the second argument; the first one says which, and is
    /// this for a process (setpriority(2), ioprio_set(2)).
    case many(CInt)
    /// Whoever owns a file by then: refused, since that is known only when the signal is sent (fcntl(2),
    /// F_SETSIG).
    case ownerOfFile
  }

  init(hasSignalScope: Bool) {
    self.hasSignalScope = hasSignalScope
  }

  /// Whom each call of `supervision.policy` means.
  private static let rows: [(call: Syscall, target: Target)] = {
    let names: [(String, Target)] = [
      ("kill", .processOrAll), ("tkill", .thread(0)), ("tgkill", .threadInProcess),
      ("rt_sigqueueinfo", .thread(0)), ("rt_tgsigqueueinfo", .threadInProcess),
      ("pidfd_send_signal", .handle), ("prlimit64", .limits), ("setpriority", .many(0)),
      ("ioprio_set", .many(1)), ("sched_setscheduler", .thread(0)),
      ("sched_setparam", .thread(0)), ("sched_setattr", .thread(0)),
      ("sched_setaffinity", .thread(0)), ("fcntl", .ownerOfFile), ("fcntl64", .ownerOfFile),
    ]
    return names.compactMap { name, target in Syscall(named: name).map { ($0, target) } }
  }()

  /// Whether a call may be made as far as this process is concerned.
  ///
  /// - Parameters:
  ///   - call: One that `SupervisedFilter.isOwn`.
  ///   - thread: Who makes it.
  /// - Returns: Whether it leaves alone who holds the listener.
  func permits(_ call: Call, by thread: pid_t) -> Bool {
    guard let architecture = call.architecture,
      let syscall = Syscall.at(number: call.number, on: architecture),
      let target = Self.rows.first(where: { $0.call == syscall })?.target
    else { return false }
    func number(_ index: Int) -> pid_t { pid_t(bitPattern: call.word(index)) }
    switch target {
    case .thread(let index): return !means(number(index), thread)
    case .threadInProcess: return !means(number(0), thread) && !means(number(1), thread)
    case .processOrAll:
      if number(0) > 0 { return !means(number(0), thread) }
      return permitsGroup(number(0), CInt(number(1)), thread)
    case .limits: return call.long(2) == 0 || !means(number(0), thread)
    case .many(let forProcess):
      switch CInt(number(0)) - forProcess {
      case 0: return !means(number(1), thread)
      case 1:
        let group = number(1) == 0 ? processGroup(of: thread) : number(1)
        return group != OwnProcess.group && !holders.contains(group)
      case _: return number(1) != 0 && uid_t(bitPattern: number(1)) != OwnProcess.user
      }
    case .ownerOfFile: return false
    case .handle:
      guard let process = processOfHandle(number(0), of: thread) else { return false }
      if call.word(3) & Self.wholeGroup != 0 { return permitsGroup(of: process, CInt(number(1))) }
      return !holders.contains(process)
    }
  }

  /// PIDFD_SIGNAL_PROCESS_GROUP (linux/pidfd.h), from Linux 6.9 on.
  private static let wholeGroup: UInt32 = 1 << 2

  /// Whether a thread may send a signal to a group as kill(2) names it: its own by 0, every process by
  /// -1, others by their number below 0.
  private func permitsGroup(_ number: pid_t, _ signal: CInt, _ thread: pid_t) -> Bool {
    if hasSignalScope { return true }
    if number == -1 || number == pid_t.min { return false }
    if number == 0 { return permitsGroup(of: processGroup(of: thread), signal) }
    // Inside a pid namespace of its own the number is of another group, or of none.
    return permitsGroup(of: -number, signal)
      || -number != OwnProcess.group && isInInnerPIDNamespace(thread) ?? false
  }

  /// Whether a signal may go to a group, by its number as this process sees it.
  ///
  /// The group of the whole run is ours too: it may be stopped as any job, but not killed. Where the
  /// kernel lets no signal out of the command's domain, it leaves us out by itself.
  private func permitsGroup(of group: pid_t, _ signal: CInt) -> Bool {
    if hasSignalScope { return true }
    if group == OwnProcess.group { return signal == SIGSTOP }
    return !holders.contains(group)
  }

  /// Whether a number of a thread's own counting is one of ours.
  ///
  /// Inside a pid namespace of its own a thread cannot even name us.
  private func means(_ number: pid_t, _ thread: pid_t) -> Bool {
    holders.contains(number) && !(isInInnerPIDNamespace(thread) ?? false)
  }
}
