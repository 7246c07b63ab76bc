internal import CLinuxShims

/// Why a supervised command did not start, by the step at which its process gave up.
struct StartError: Error {
  enum Stage {
    case parent, signals, capabilities, landlock, filter, exec
    /// A signal ended the process, and `number` is that one's.
    case signal
  }

  let stage: Stage
  let number: CInt
}

/// How far the processes of a run are, in memory that all of them see.
struct RunProgress {
  fileprivate let memory: UnsafeMutablePointer<nonet_progress>
  /// The supervisor, by its number and by a handle that can be read once it has ended.
  ///
  /// The handle (pidfd_open(2)) is -1 where an outer filter refuses it. It stays open as long as this
  /// process lives.
  let supervisor: (process: pid_t, handle: CInt)

  /// Takes the memory.
  ///
  /// - Throws: The errno of mmap(2).
  init() throws(StartError) {
    guard let memory = nonet_new_progress() else {
      throw StartError(stage: .parent, number: nonet_errno())
    }
    self.memory = memory
    nonet_prepare_waits()
    supervisor = (getpid(), nonet_handle(getpid()))
  }

  /// The second holder of the listener; 0 or less where there is none.
  var second: pid_t { memory.pointee.second }
  /// Who goes on after the supervisor's end; 0 where nobody does.
  var successor: pid_t { memory.pointee.successor }
  /// The number of one more second holder; `nil` where there were too many already.
  func nextSecond() -> Int? {
    let number = Int(memory.pointee.seconds)
    guard number < Int(NONET_MOST_SECONDS) else { return nil }
    memory.pointee.seconds += 1
    return number
  }

  /// Whether the supervisor has written the end of its logs.
  var isOver: Bool { memory.pointee.is_over != 0 }

  /// Notes that the logs have their end.
  func noteOver() { memory.pointee.is_over = 1 }

  /// Starts a second holder, which never comes back from `perform`.
  ///
  /// - Parameter perform: What it does, in a process of its own.
  /// - Throws: The errno of fork(2).
  func forkSecond(_ perform: () -> Never) throws(SystemError) {
    let second = try attempt("fork") { nonet_fork_second(memory) }
    if second == 0 { perform() }
  }

  /// Starts a second holder that does nothing before this process has ended, and shares its memory.
  ///
  /// - Parameter perform: What it does then.
  /// - Throws: The errno of mmap(2) or clone(2).
  func beginSecond(_ perform: @escaping () -> Never) throws(SystemError) {
    // As long as this process lives.
    let context = Unmanaged.passRetained(Performance(perform)).toOpaque()
    _ = try attempt("clone") {
      nonet_begin_second(
        memory, supervisor.handle,
        { context in
          guard let context else { return }
          Unmanaged<Performance>.fromOpaque(context).takeUnretainedValue().perform()
        }, context)
    }
  }

  private final class Performance {
    let perform: () -> Never

    init(_ perform: @escaping () -> Never) {
      self.perform = perform
    }
  }

  /// The listener, once the command's filter stands; -1 before.
  var listener: CInt { nonet_listener(memory) }

  /// Starts who goes on for this process, which then ends.
  ///
  /// - Parameter perform: What it does, in a process of its own.
  func forkSuccessor(_ perform: () -> Never) {
    if nonet_fork_successor(memory) == 0 { perform() }
  }

  /// Where calls are received.
  enum Slot {
    case first, successor
    /// That of the second holder that was started as this one.
    case second(Int)

    fileprivate var index: Int {
      switch self {
      case .first: Int(NONET_SLOT_FIRST)
      case .successor: Int(NONET_SLOT_SUCCESSOR)
      case .second(let number): Int(NONET_SLOT_SECOND) + number
      }
    }
  }

  /// The memory into which the kernel writes calls, one place for each thread that receives.
  func slot(_ slot: Slot) -> UnsafeMutablePointer<nonet_slot> { pointer(slot.index) }

  /// Keeps in mind a call that is answered later, while there is room.
  ///
  /// - Parameter isWaiting: Whether the call of an id still waits.
  func keepWaiting(_ isWaiting: (UInt64) -> Bool) {
    guard let received = nonet_receiver_slot() else { return }
    for index in Int(NONET_SLOT_WAITING)..<Int(NONET_SLOTS) {
      let id = pointer(index).pointee.words.0
      if id != 0, isWaiting(id) { continue }
      pointer(index).pointee = received.pointee
      return
    }
  }

  /// The calls that the process that died had received, answered or not.
  var received: [Notification] {
    var found: [Notification] = []
    for index in 0..<Int(NONET_SLOTS) {
      var notification = nonet_notification()
      if nonet_look(pointer(index), &notification) != 0 { found.append(Notification(notification)) }
    }
    return found
  }

  private func pointer(_ index: Int) -> UnsafeMutablePointer<nonet_slot> {
    nonet_slot_at(memory, CInt(index))
  }
}

/// A child that confines itself behind a filter with a listener and becomes the command.
struct SupervisedChild {
  let pid: pid_t
  /// Where the kernel asks about the calls that the filter refuses.
  let listener: CInt
  let progress: RunProgress

  /// What the child does to itself before it becomes the command.
  struct Preparation {
    /// The bytes of a `struct sock_filter[]`.
    let filter: [UInt8]
    /// The rights that the child's Landlock domain handles, where it gets one.
    let landlock: (handledNet: UInt64, scoped: UInt64)?
    /// The capabilities that the child gives up, a bit for each.
    let dropped: UInt64
    /// Whether the caller was a reaper of orphans, as the command then is.
    let isReaper: Bool
  }

  /// Starts the command, and beside it the second holder of its listener.
  ///
  /// - Parameters:
  ///   - file: The program, found along PATH unless its name has a slash.
  ///   - arguments: A null-terminated vector, passed on untouched.
  ///   - preparation: How the child confines itself.
  ///   - progress: How far it is.
  ///   - startSecond: Starts the second holder.
  /// - Throws: A failed step; nothing runs then.
  init(
    _ file: UnsafePointer<CChar>, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>,
    _ preparation: Preparation, _ progress: RunProgress, startSecond: () -> Void
  ) throws(StartError) {
    // From the first instruction of the command on there are two who hold the listener.
    startSecond()
    let child = preparation.filter.withUnsafeBytes { bytes in
      var start = nonet_start()
      start.filter = bytes.baseAddress
      start.filter_count = UInt16(truncatingIfNeeded: bytes.count / 8)
      start.dropped = preparation.dropped
      start.has_landlock = preparation.landlock == nil ? 0 : 1
      start.handled_net = preparation.landlock?.handledNet ?? 0
      start.scoped = preparation.landlock?.scoped ?? 0
      start.is_subreaper = preparation.isReaper ? 1 : 0
      nonet_note_scheduling(&start)
      start.file = file
      // The vector is the same; C promises on top not to write to it.
      start.arguments = UnsafeRawPointer(arguments)
        .assumingMemoryBound(to: UnsafeMutablePointer<CChar>?.self)
      return nonet_start_supervised(&start, progress.memory)
    }
    pid = child
    self.progress = progress
    listener = nonet_listener(progress.memory)
    if child > 0, listener >= 0 { return }
    var failure =
      Self.failure(progress.memory) ?? StartError(stage: .parent, number: nonet_errno())
    if child > 0 {
      var status: CInt = 0
      _ = waitpid(child, &status, 0)
      // A signal that waited for the command, or came in these microseconds.
      let signal = nonet_end_signal(status)
      if signal != 0 { failure = StartError(stage: .signal, number: signal) }
    }
    if endProcess(progress.second) { _ = waitpid(progress.second, nil, 0) }
    throw failure
  }

  /// Why the command itself could not be run, once the child has ended.
  var failure: StartError? { Self.failure(progress.memory) }

  private static func failure(_ progress: UnsafeMutablePointer<nonet_progress>) -> StartError? {
    let stage: StartError.Stage
    switch nonet_stage(UInt32(bitPattern: nonet_failed_stage(progress))) {
    case NONET_STAGE_NONE: return nil
    case NONET_STAGE_SIGNALS: stage = .signals
    case NONET_STAGE_CAPABILITIES: stage = .capabilities
    case NONET_STAGE_LANDLOCK: stage = .landlock
    case NONET_STAGE_FILTER: stage = .filter
    case NONET_STAGE_EXEC: stage = .exec
    case _: stage = .parent
    }
    return StartError(stage: stage, number: progress.pointee.error)
  }
}

/// Sleeps a little; a signal may cut it short.
func sleepMicroseconds(_ count: Int) {
  var time = timespec(tv_sec: 0, tv_nsec: count * 1000)
  _ = nanosleep(&time, nil)
}

/// A clock that nobody sets, in microseconds (clock_gettime(2), CLOCK_MONOTONIC).
var monotonicMicroseconds: Int {
  var time = timespec()
  _ = clock_gettime(CLOCK_MONOTONIC, &time)
  return Int(time.tv_sec) * 1_000_000 + Int(time.tv_nsec) / 1000
}

/// Becomes the reaper of the command's orphans, whom processes of the same user may not trace.
///
/// - Returns: Whether this process was a reaper before (prctl(2), PR_SET_CHILD_SUBREAPER).
func becomeSupervisor() throws(SystemError) -> CInt {
  var before: CInt = 0
  _ = try attempt("prctl(PR_SET_CHILD_SUBREAPER)") { nonet_become_supervisor(&before) }
  return before
}

/// Takes memory while it can still be said that there is too little.
///
/// - Parameter bytes: As many as are needed at most from here on.
/// - Throws: ENOMEM where a limit leaves less.
func reserveMemory(_ bytes: Int) throws(SystemError) {
  _ = try attempt("malloc") { nonet_reserve_memory(bytes) }
}

/// Sets back what `becomeSupervisor` changed and a command that takes this process's place would keep.
func setReaper(_ before: CInt) { _ = nonet_set_subreaper(before) }

/// Ends a process of this run at once.
///
/// - Returns: Whether it ends.
@discardableResult
func endProcess(_ process: pid_t) -> Bool { process > 0 && kill(process, SIGKILL) == 0 }
