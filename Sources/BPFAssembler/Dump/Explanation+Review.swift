/// What an auditor would ask about a filter that somebody else made.
extension Explanation {
  /// One sentence for each thing that leaves a way around the filter or breaks programs; none is fine.
  var findings: [String] {
    let all = [
      unaskedArchitecture, otherArchitectures, openX32, openX32Table, junk, ioUring, clone3,
      laterListener, openFamilies, socketcall,
    ]
    return all.compactMap { $0 }
  }

  private var native: Architecture { compiled.architecture }

  /// The answer to a call on an ABI, with arguments.
  private func answer(
    _ name: String, _ arguments: [UInt64] = [], on architecture: Architecture
  ) -> UInt32? {
    guard let number = Syscall(named: name)?.number(on: architecture) else { return nil }
    return compiled.program.run(
      SeccompData(nr: number, arch: architecture.auditValue, arguments: arguments))
  }

  private func allows(
    _ name: String, _ arguments: [UInt64] = [], on architecture: Architecture
  ) -> Bool {
    answer(name, arguments, on: architecture).map(Self.isAllowed) ?? false
  }

  /// Whether the kernel makes the call.
  private static func isAllowed(_ answer: UInt32) -> Bool {
    answer == SeccompReturn.allow || answer & 0xffff_0000 == SeccompReturn.log
  }

  private var looksAtArchitecture: Bool {
    compiled.program.instructions.contains(.load(.data(.arch)))
  }

  private var unaskedArchitecture: String? {
    if looksAtArchitecture { return nil }
    return
      "it never looks at arch, so a 32-bit call gets the answer of the \(native) call that has its number"
  }

  /// Whether every known number of an ABI is allowed, under another audit value where one is given.
  private func allowsAll(of architecture: Architecture, as audit: UInt32) -> Bool {
    Syscall.known(on: architecture).allSatisfy { call in
      guard let number = call.number(on: architecture) else { return true }
      return Self.isAllowed(compiled.program.run(SeccompData(nr: number, arch: audit)))
    }
  }

  private var otherArchitectures: String? {
    guard looksAtArchitecture else { return nil }
    if let compat = native.compat, allowsAll(of: compat, as: compat.auditValue) {
      return
        "every call of \(compat) is allowed; another filter has to refuse what this one refuses"
    }
    // The audit value of no ABI.
    if allowsAll(of: native, as: 0) { return "an ABI that it does not know may make every call" }
    return nil
  }

  private var openX32: String? {
    guard let x32 = native.x32Numbers else { return nil }
    let open = Syscall.known(on: native).filter { call in
      guard let number = call.number(on: native) else { return false }
      func isAllowed(_ number: UInt32) -> Bool {
        Self.isAllowed(compiled.program.run(SeccompData(nr: number, arch: native.auditValue)))
      }
      return !isAllowed(number) && isAllowed(number | x32.lowerBound)
    }
    if open.isEmpty { return nil }
    return "x32 is open: refused, but allowed with bit 30 of the number set: " + Self.list(open)
  }

  private var openX32Table: String? {
    guard let numbers = native.x32TableNumbers else { return nil }
    func isAllowed(_ number: UInt32) -> Bool {
      Self.isAllowed(compiled.program.run(SeccompData(nr: number, arch: native.auditValue)))
    }
    let open = zip(numbers, Self.x32Table).compactMap { number, name -> Syscall? in
      guard let call = Syscall(named: name), let own = call.number(on: native) else { return nil }
      return !isAllowed(own) && isAllowed(number) ? call : nil
    }
    if open.isEmpty { return nil }
    return "x32 is open before Linux 5.4: refused, but allowed by the numbers 512 to 547: "
      + Self.list(open)
  }

  /// The calls from 512 on (arch/x86/entry/syscalls/syscall_64.tbl).
  private static let x32Table = [
    "rt_sigaction", "rt_sigreturn", "ioctl", "readv", "writev", "recvfrom", "sendmsg", "recvmsg",
    "execve", "ptrace", "rt_sigpending", "rt_sigtimedwait", "rt_sigqueueinfo", "sigaltstack",
    "timer_create", "mq_notify", "kexec_load", "waitid", "set_robust_list", "get_robust_list",
    "vmsplice", "move_pages", "preadv", "pwritev", "rt_tgsigqueueinfo", "recvmmsg", "sendmmsg",
    "process_vm_readv", "process_vm_writev", "setsockopt", "getsockopt", "io_setup", "io_submit",
    "execveat", "preadv2", "pwritev2",
  ]

  private var junk: String? {
    let calls = tables.first?.calls.filter { !$0.junkArguments.isEmpty } ?? []
    if calls.isEmpty { return nil }
    let words = calls.prefix(6).map {
      "\($0.syscall)'s \($0.junkArguments.joined(separator: ", "))"
    }
    let more = calls.count > 6 ? " and \(calls.count - 6) more" : ""
    return "it looks at the upper half of an int, in which a caller may leave anything: "
      + words.joined(separator: "; ") + more
  }

  private var ioUring: String? {
    let isOpen = allows("io_uring_setup", on: native) && allows("io_uring_enter", on: native)
    // AF_INET, SOCK_STREAM.
    guard isOpen, !allows("socket", [2, 1, 0], on: native) else { return nil }
    return "io_uring is forgotten: it makes the sockets that socket(2) may not"
  }

  private var clone3: String? {
    guard let answer = answer("clone3", on: native), !Self.isAllowed(answer) else { return nil }
    if answer == SeccompReturn.errno | UInt32(Errno.enosys.number) { return nil }
    return
      "clone3 gets '\(ReturnValue(value: answer))' and not ENOSYS, so glibc does not fall back to clone"
  }

  /// seccomp(SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER): the kernel lets a process have a
  /// listener of its own once the first one is closed, and the newest filter that asks is asked.
  private var laterListener: String? {
    let asks = compiled.program.instructions.contains {
      if case .return(.constant(let value)) = $0 {
        return value & 0xffff_0000 == SeccompReturn.userNotification
      }
      return false
    }
    guard asks, allows("seccomp", [1, 8], on: native) else { return nil }
    return
      "it asks a supervisor, and lets a filter with a listener be installed: once the supervisor's is "
      + "closed, a process can answer its own questions"
  }

  private var openFamilies: String? {
    // AF_ALG with SOCK_SEQPACKET, AF_VSOCK with SOCK_STREAM.
    let families: [(name: String, arguments: [UInt64])] = [
      ("AF_ALG", [38, 5, 0]), ("AF_VSOCK", [40, 1, 0]),
    ]
    let open = families.filter { allows("socket", $0.arguments, on: native) }.map { $0.name }
    if open.isEmpty { return nil }
    return "sockets of \(open.joined(separator: " and ")) can be made"
  }

  private var socketcall: String? {
    guard let compat = native.compat, allows("socketcall", on: compat),
      !allows("socket", [2, 1, 0], on: native)
    else { return nil }
    return "socketcall of \(compat) is forgotten: it makes the sockets that socket(2) may not"
  }

  private static func list(_ calls: [Syscall]) -> String {
    let more = calls.count > 6 ? " and \(calls.count - 6) more" : ""
    return calls.prefix(6).map { $0.name }.joined(separator: ", ") + more
  }
}
