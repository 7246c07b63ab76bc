internal import BPFAssembler

/// What `--allow-unix` names, found before the command starts.
struct AllowedSockets {
  private let words: [Word]
  private let allowsInside: Bool
  private let isVerbose: Bool
  private let isQuiet: Bool

  /// Takes the option's values; `nil` where there is nothing to allow.
  ///
  /// - Parameters:
  ///   - options: The command line.
  ///   - inside: Whether the sockets inside are allowed without being named.
  /// - Throws: Where it makes no sense beside another option.
  init?(_ options: Options, inside: Bool) throws(Failure) {
    if options.allowedUnix.isEmpty, !inside { return nil }
    allowsInside = inside || options.allowedUnix.contains { Self.isInside($0) }
    if options.isObserving {
      throw .usage("--allow-unix and --observe exclude each other: --observe refuses nothing")
    }
    words = options.allowedUnix
    isVerbose = options.isVerbose
    isQuiet = options.isQuiet
  }

  /// Whether a value stands for the sockets inside.
  static func isInside(_ word: Word) -> Bool { word.bytes.elementsEqual("inside".utf8) }

  /// What the policy may allow and the supervisor wants to see all the same: who listens is inside, and
  /// who enters a Landlock domain may be refused there what the supervisor would do for it.
  ///
  /// - Parameters:
  ///   - allowsInside: Whether the sockets inside are allowed.
  ///   - isPrivate: Whether the network is the command's own, and its connects the supervisor's.
  /// - Returns: The names of the calls.
  static func watchedCalls(allowsInside: Bool, isPrivate: Bool = false) -> [String] {
    let first =
      isPrivate
      ? InnerDomains.firstABIForNetwork
      : allowsInside ? InnerDomains.firstABIForAbstract : InnerDomains.firstABIForPaths
    return (allowsInside ? ["listen"] : [])
      + (landlockABI >= first ? ["landlock_restrict_self"] : [])
      + (isPrivate && landlockABI >= InnerDomains.firstABIForNetwork
        ? ["landlock_create_ruleset"] : [])
  }

  private static var landlockABI: Int {
    do throws(SystemError) { return try probeLandlock() } catch { return .max }
  }

  /// Pins what is named, where the policy leaves anything to allow.
  ///
  /// - Parameters:
  ///   - policy: The policy's name.
  ///   - oracle: What the policy answers.
  ///   - network: What the supervisor decides where the network is the command's own, and connect the supervisor's.
  ///   - held: What stays refused all the same; `nil` where that is nothing.
  /// - Returns: What may be reached.
  /// - Throws: Why nothing can be allowed; the command must not run then.
  func allowance(
    _ policy: String, _ oracle: CheckedProgram, _ network: PrivateNetwork?, _ held: Policy?
  ) throws(Failure) -> UnixAllowance {
    if let network {
      let makesAny = network.makes(SocketType.stream) || network.makes(SocketType.sequence)
      if !words.isEmpty, !makesAny { throw Self.heldBack("AF_UNIX sockets") }
    } else {
      try check(policy) { Self.allows(oracle.program, $0, $1) }
      if held?.refuses("connect", Self.connect) ?? false { throw Self.heldBack("connect") }
    }
    if allowsInside { try Self.checkKernel() }
    let proc = ProcMount.here
    // Otherwise a number in /proc means another process than everywhere else here.
    if proc == .foreign {
      throw .refused(
        "--allow-unix needs the /proc of this pid namespace, and the one here belongs to another; "
          + "mount one (unshare --mount-proc); the command was not run")
    }
    guard proc == .ours, let status = ThreadStatus.own else {
      throw .refused("--allow-unix needs /proc, which is not there; the command was not run")
    }
    let own: OwnIDs
    do throws(SystemError) {
      own = try OwnIDs(status.ids)
    } catch {
      throw .system(error, "--allow-unix: this process's ids are not known, so nothing was run")
    }
    let paths = try paths(isTold: true)
    return UnixAllowance(
      allowsInside: allowsInside, sockets: paths.map { $0.file }.filter { $0.isSocket },
      folders: paths.filter { !$0.file.isSocket }.map { AllowedFolder($0) }, own: own,
      landlockABI: Self.landlockABI, label: securityLabel(of: OwnProcess.number),
      filters: status.filters + 1)
  }

  /// Where the sockets and folders are that are named.
  ///
  /// - Parameter isTold: Whether what was found is told to who wants to know.
  /// - Returns: The paths, in their order.
  /// - Throws: What may not be named.
  func paths(isTold: Bool) throws(Failure) -> [RealPath] {
    var paths: [RealPath] = []
    for named in words where !Self.isInside(named) {
      guard let word = try NamedSocket.path(of: named, isQuiet: isQuiet || !isTold) else {
        continue
      }
      let path = try Self.path(word)
      if word.pointer != named.pointer { try NamedSocket.check(path, named) }
      if isVerbose, isTold { Self.say(about: path, word) }
      paths.append(path)
    }
    return paths
  }

  /// The same, once the namespaces are entered in which the command runs: ids may have no numbers there.
  static func settled(
    _ allowance: UnixAllowance, isPrivate: Bool
  ) throws(Failure) -> UnixAllowance {
    guard isPrivate else { return allowance }
    var settled = allowance
    do throws(SystemError) {
      guard let status = ThreadStatus.own else {
        throw SystemError(call: "open of /proc/self/status", number: ENOENT)
      }
      settled.own = try OwnIDs(status.ids)
    } catch {
      throw .system(error, "--loopback: this process's ids are not known, so nothing was run")
    }
    settled.network = ownNetwork
    return settled
  }

  /// Closes inherited AF_UNIX sockets that are not connected: a process that listens on one of them inside
  /// would be taken for the one who answers, while somebody outside may hold it too.
  ///
  /// - Throws: Where standard input, output or error is one.
  static func closeUnconnected() throws(Failure) {
    var standard: CInt?
    do throws(SystemError) {
      for number in try openDescriptors() where try isUnconnected(number) {
        try closeDescriptor(number)
      }
      standard = try unconnectedStandard()
    } catch {
      throw .system(error, "--allow-unix: cannot look at open descriptors, so nothing was run")
    }
    if let standard {
      throw .refused(
        "descriptor \(standard) is an AF_UNIX socket that is not connected, which does not go with "
          + "--allow-unix inside; close or redirect it; the command was not run")
    }
  }

  /// Standard input, output or error, where one is an AF_UNIX socket that is not connected.
  static func unconnectedStandard() throws(SystemError) -> CInt? {
    for number: CInt in 0...2 where try isUnconnected(number) { return number }
    return nil
  }

  private static func isUnconnected(_ number: CInt) throws(SystemError) -> Bool {
    guard case .socket(let domain, _) = try kind(of: number), domain == UInt32(AF_UNIX) else {
      return false
    }
    return !isConnected(number)
  }

  /// Finds a socket or a folder whose name will mean the same in the next run.
  private static func path(_ word: Word) throws(Failure) -> RealPath {
    let path: RealPath
    let direct: PinnedFile
    do throws(SystemError) {
      direct = try PinnedFile(word.bytes)
      path = try RealPath(word.bytes)
    } catch {
      throw .refused(
        "--allow-unix: '\(word.text)': \(error.reason); a socket or folder must be there when the "
          + "command starts, so it was not run; the word 'inside' stands for the sockets that the "
          + "command makes itself")
    }
    let real = Word.text(of: path.name)
    guard direct.identity == path.file.identity else {
      throw .refused(
        "--allow-unix: '\(word.text)' goes over a link of /proc, which another run may find leading "
          + "elsewhere; the command was not run")
    }
    if let link = path.looseLink {
      throw .refused(
        "--allow-unix: '\(word.text)' goes over the link '\(Word.text(of: link))', which a command of "
          + "user \(OwnProcess.effectiveUser) may replace by another one; write '\(real)'; the command was not run"
      )
    }
    guard path.file.isSocket || path.file.isFolder else {
      throw .refused(
        "--allow-unix: '\(word.text)' is neither a socket nor a folder; the command was not run")
    }
    if path.file.isSocket, path.file.names > 1, path.folder.letsReplace(path.file) {
      throw .refused(
        "--allow-unix: the socket '\(real)' has \(path.file.names) names, so a command of user "
          + "\(OwnProcess.effectiveUser) may have given it this one, and it may be any server's; write the one that "
          + "its server made, in a folder of others; the command was not run")
    }
    return path
  }

  private static func say(about path: RealPath, _ word: Word) {
    let what = path.file.isSocket ? "the socket" : "the sockets in the folder"
    let isReplaceable = path.folder.letsReplace(path.file)
    nonet.say(
      "--allow-unix: '\(word.text)' is \(what) \(Word.text(of: path.name)), of user "
        + "\(path.file.owner)"
        + (isReplaceable ? "; the command may put another one in its place" : ""))
  }

  /// The registers of a connect to an AF_UNIX address.
  static let connect: [UInt64] = [3, 1 << 32 | 4096, 110]
  /// Those by which a stream socket is made.
  static let socket: [UInt64] = [UInt64(AF_UNIX), UInt64(SocketType.stream), 0]

  static func heldBack(_ what: String) -> Failure {
    .refused(
      "--allow-unix: --deny or --merge refuses \(what), and --allow-unix takes nothing back of that; leave one of "
        + "them out; the command was not run")
  }

  /// Refuses what would allow nothing under a policy.
  ///
  /// - Parameters:
  ///   - policy: The policy's name.
  ///   - allows: Whether it lets a call with such registers through.
  /// - Throws: Why the option makes no sense.
  func check(_ policy: String, _ allows: (String, [UInt64]) -> Bool) throws(Failure) {
    if allows("connect", Self.connect) {
      throw .refused(
        "--allow-unix: policy \"\(policy)\" lets connect through already, to every socket; leave "
          + "the option out, or choose another policy; the command was not run")
    }
    if !allows("socket", Self.socket) {
      throw .refused(
        "--allow-unix: policy \"\(policy)\" lets no AF_UNIX socket be made, so there is none to "
          + "connect; choose another policy; the command was not run")
    }
    if allowsInside, !allows("listen", [3, 16]) {
      throw .refused(
        "--allow-unix inside: policy \"\(policy)\" lets nobody listen inside; choose another "
          + "policy; the command was not run")
    }
  }

  private static func allows(_ oracle: Program, _ call: String, _ arguments: [UInt64]) -> Bool {
    guard let number = Syscall(named: call)?.number(on: .host) else { return false }
    var data = SeccompData(nr: number, arch: Architecture.host.auditValue)
    for (argument, value) in zip(SeccompData.Argument.allCases, arguments) {
      data[argument] = value
    }
    let answer = oracle.run(data)
    return answer == SeccompReturn.allow || answer == SeccompReturn.log
  }

  private static func checkKernel() throws(Failure) {
    do throws(SystemError) {
      _ = try processNumber(OwnProcess.number)
    } catch {
      let cause: String
      switch error.number {
      case EMFILE, ENFILE, ENOMEM:
        throw .system(
          error, "--allow-unix inside: no handle of a process is to be had, so nothing was run")
      // A kernel whose handles have no numbers, or one that has no handles (before Linux 5.3).
      case EOPNOTSUPP,
        ENOSYS where OwnStatus()?.seccompMode != 2:
        cause =
          "needs Linux 6.9, whose pidfs tells processes apart for ever; here is \(Here.kernel)"
      case _:
        cause = "needs pidfd_open, which an outer filter refuses"
      }
      throw .refused(
        "--allow-unix inside \(cause) (\(error.call): \(error.reason)); --allow-unix PATH works "
          + "without; the command was not run")
    }
  }
}
