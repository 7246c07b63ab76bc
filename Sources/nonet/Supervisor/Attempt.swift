/// One attempt, as it was answered.
struct Attempt {
  let call: Call
  let kind: CallKind
  let evidence: Evidence
  /// Where the socket is connected to, for a send that names no address.
  var peer: NetworkPeer?
  var verdict: Outcome
  var isProbe: Bool
  let thread: pid_t
  /// When it was received, and the thread waited.
  let moment: Timestamp
  /// What would let it go on, where that was found out while the thread waited.
  var advice: Advice?

  /// The same attempt with what is known of where the socket leads.
  func sent(to peer: NetworkPeer?) -> Attempt {
    var attempt = self
    attempt.peer = peer ?? self.peer
    return attempt
  }

  /// The same attempt with another end.
  func answered(_ verdict: Outcome, isProbe: Bool) -> Attempt {
    var attempt = self
    (attempt.verdict, attempt.isProbe) = (verdict, isProbe)
    return attempt
  }

  /// How much it tells of what the run wanted.
  var weight: Event.Weight {
    var kind = kind
    var family = call.word(0)
    if kind == .socketcall {
      kind = CallKind.behindSocketcall(call.word(0)).kind
      family = evidence.arguments.map { UInt32(truncatingIfNeeded: $0[0]) } ?? 0
    }
    let sends = kind == .connect || kind == .sendto || kind == .sendmsg || kind == .sendmmsg
    let address = (evidence.address ?? peer?.address).flatMap { SocketAddress($0) }
    if let address {
      family = address.family
      if sends, case .internet = address { return .destination }
    } else if kind != .socket, kind != .socketpair {
      return kind == .listen ? .internet : .other
    }
    switch CInt(truncatingIfNeeded: family) {
    case AF_INET: return .internet
    case AF_INET6: return .internet6
    case AF_UNIX: return .unix
    case _: return .other
    }
  }
}

extension Attempt {
  /// What identical attempts have in common, as members of a log's event.
  ///
  /// - Parameters:
  ///   - isProbe: Whether the log says that it is no attempt in the words for people.
  ///   - identity: Who made it; `nil` where nobody can be named.
  ///   - names: The kernel's names.
  /// - Returns: The members, the place of the thread's name among them, and few words for a person.
  func text(
    isProbe: Bool, by identity: Identity?, _ names: SocketNames
  ) -> (body: [UInt8], nameRange: Range<Int>, label: [UInt8]) {
    let call = CallText(call, kind, evidence, peer: peer, names)
    var body: [UInt8] = []
    body.reserveCapacity(384)
    body.member(.pid, identity?.process ?? thread, isFirst: true)
    body.member(.tid, thread)
    body.key(.comm)
    var (start, end) = (body.count, body.count)
    if let identity {
      var name: [UInt8] = []
      name.string(safe(identity.name))
      body += name
      (start, end) = (start + 1, body.count - 1)
    } else {
      body.append(text: "null")
    }
    // Where the kernel does not tell the program there is none to name.
    if let identity, !identity.program.isEmpty {
      body.member(.exe, hostile: identity.program)
      if identity.hasForeignMounts { body.member(.foreignMounts, literal: "true") }
    } else {
      body.member(.exe, literal: "null")
    }
    body.member(.abi, plain: call.abi)
    body.member(.api, plain: call.api)
    body.key(.args)
    body += call.arguments
    body.member(.verdict, plain: "\(verdict.kind.word)")
    body.member(.errno, verdict.errno)
    if isProbe, verdict != .allowed { body.member(.probe, literal: "true") }
    return (body, start..<end, call.label)
  }
}

extension Identities.Thread {
  /// The event that counted the same attempt a moment ago.
  func event(of attempt: Attempt) -> Int? {
    for one in recent
    where one.call == attempt.call && one.verdict == attempt.verdict
      && one.evidence == attempt.evidence && one.peer == attempt.peer
    {
      return one.event
    }
    return nil
  }

  func remember(_ attempt: Attempt, event: Int) {
    let one = Identities.Recent(
      call: attempt.call, evidence: attempt.evidence, peer: attempt.peer,
      verdict: attempt.verdict, event: event)
    if recent.count < Identities.recentCount {
      recent.append(one)
    } else {
      recent[nextRecent] = one
      nextRecent = (nextRecent + 1) % Identities.recentCount
    }
  }
}
