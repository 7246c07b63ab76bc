internal import BPFAssembler

/// What layers have to say about a call that the filter has answered.
extension Layers {
  /// Sends a signal to a process, or to a thread of one.
  private static let signals = [
    "kill", "tkill", "tgkill", "pidfd_send_signal", "rt_sigqueueinfo", "rt_tgsigqueueinfo",
  ]
  private static let makers = ["socket", "socketpair", "socketcall"]

  /// What decides besides the filter.
  ///
  /// - Parameter calls: The calls that were asked about.
  /// - Returns: A sentence for each layer that looks at such calls.
  func words(about calls: [Syscall]) -> [String] {
    func asks(_ names: [String]) -> Bool { calls.contains { names.contains($0.name) } }
    var words: [String] = []
    if hasNamespace, calls.contains(where: { SyscallGroup.network.calls.contains($0) }) {
      words.append("layer namespace: whatever the filter allows reaches 127.0.0.1 and ::1 alone")
    }
    if hasSockets, asks(Self.makers) {
      words.append(
        "layer sockets: AF_UNIX stream and seqpacket sockets are made by the supervisor, though the filter "
          + "refuses them; from Linux 7.1 on Landlock holds all AF_UNIX sockets, and the filter lets them be made"
      )
    }
    if hasLandlock, calls.contains(where: { SyscallGroup.debug.calls.contains($0) }) {
      words.append(
        "layer landlock: processes outside are refused by the kernel; where it has no Landlock, the filter denies "
          + "these calls")
    }
    if hasLandlock, asks(Self.signals) {
      words.append("layer landlock: from Linux 6.12 on processes outside get no signals")
    }
    if hasLandlock, asks(["connect", "sendto", "sendmsg", "sendmmsg"]) {
      words.append(
        "layer landlock: from Linux 6.12 on abstract AF_UNIX sockets outside are refused")
    }
    return words
  }
}
