internal import BPFAssembler

/// What a supervisor does about one call; in its turn.
extension Supervisor {
  /// Answers a call and writes it down.
  func handle(_ notification: Notification) {
    // Before the answer, so that it is a time in which the thread made the call.
    let now = Timestamp.now
    let call = Call(notification)
    let ruling = judge.ruling(on: call, by: notification.thread)
    let kind = kinds.kind(of: call)
    // The query comes next where it comes so that it is seen.
    if kind != .sendto, kind != .sendmsg, kind != .sendmmsg { noteUnasked() }
    guard let verdict = ruling.verdict else {
      if ruling.isOwn || ruling.isMade {
        _ = answer(.proceed, notification.id)
      } else if let network, !network.isPrivate || kind == .bind {
        decide(call, kind, notification, network, at: now)
      } else if let connector {
        connector.note(notification)
        proceed(call, kind, notification, at: now)
      } else {
        handleAllowed(call, kind, notification, at: now)
      }
      return
    }
    let evidence = Evidence(call, kind, read: reader(of: notification.thread))
    let thread = isTelling ? identities.thread(notification.thread, at: now) : nil
    let advice = advice(call, kind, evidence, by: notification.thread)
    if let network, !ruling.isHeld, case .refuse(let number) = ruling.answer {
      let attempt = Attempt(
        call: call, kind: kind, evidence: evidence, peer: nil, verdict: verdict, isProbe: false,
        thread: notification.thread, moment: now, advice: advice)
      if let answer = network.answer(notification, attempt, refusal: number, thread) {
        give(answer, to: notification, attempt, thread)
        return
      }
    }
    if kind == .connect, !ruling.isHeld, let connector, case .refuse(let number) = ruling.answer {
      let attempt = Attempt(
        call: call, kind: kind, evidence: evidence, peer: nil, verdict: verdict, isProbe: false,
        thread: notification.thread, moment: now, advice: advice)
      let answer = connector.connect(notification, attempt, refusal: number, thread)
      if let number = answer.errno {
        guard listener.refuse(notification.id, with: number) else { return }
      }
      if answer == .later {
        progress.keepWaiting(listener.isWaiting)
        startRetrier()
      }
      note(answer, attempt, thread)
      return
    }
    guard answer(ruling.answer, notification.id), isTelling else { return }
    let attempt = Attempt(
      call: call, kind: kind, evidence: evidence, peer: nil, verdict: verdict,
      isProbe: ruling.isWithdrawn && kind == .other, thread: notification.thread, moment: now,
      advice: advice)
    record.add(attempt, by: thread)
  }

  /// Writes down what became of a connect, once that is known.
  func note(
    _ answer: UnixConnector.Answer, _ attempt: Attempt, _ thread: Identities.Thread?
  ) {
    // In a network of the command's own only what would leave it is an attempt.
    let isUnix = attempt.evidence.address.map { UnixAddress.isUnix($0) } ?? true
    guard isTelling else { return }
    switch answer {
    case .performed where !isUnix: return
    case .fail(let number) where !isUnix:
      guard number == ENETUNREACH else { return }
      record.add(attempt.answered(.refused(number), isProbe: false), by: thread)
    case .performed: record.add(attempt.answered(.allowed, isProbe: true), by: thread)
    case .refuse(let number):
      record.add(attempt.answered(.refused(number), isProbe: false), by: thread)
    case .fail(let number):
      record.add(attempt.answered(.refused(number), isProbe: true), by: thread)
    case .later: return
    }
  }

  /// Does what was decided about a call on a socket of ours, and writes it down.
  private func give(
    _ answer: NetworkSockets.Answer, to notification: Notification, _ attempt: Attempt,
    _ thread: Identities.Thread?
  ) {
    switch answer {
    case .proceed:
      _ = listener.proceed(notification.id)
      return
    case .refuse(let number), .fail(let number):
      guard listener.refuse(notification.id, with: number) else { return }
    case .later:
      progress.keepWaiting(listener.isWaiting)
      startRetrier()
    case .given, .believed: break
    }
    note(answer, attempt, thread)
  }

  /// Writes down what became of a call on a socket of ours, once that is known.
  func note(
    _ answer: NetworkSockets.Answer, _ attempt: Attempt, _ thread: Identities.Thread?
  ) {
    guard isTelling else { return }
    switch answer {
    case .given(isTold: true): record.add(attempt.answered(.allowed, isProbe: true), by: thread)
    case .refuse(let number):
      record.add(attempt.answered(.refused(number), isProbe: false), by: thread)
    case .fail(let number):
      record.add(attempt.answered(.refused(number), isProbe: true), by: thread)
    case .given, .believed, .later, .proceed: return
    }
  }

  /// Writes down what resolvers connected to and did not ask.
  func noteUnasked() {
    for one in network?.resolvers.takeUnasked() ?? [] { record.add(one.attempt, by: one.thread) }
  }

  /// Decides about a call that the policy allows, by what it names.
  private func decide(
    _ call: Call, _ kind: CallKind, _ notification: Notification, _ network: NetworkSockets,
    at now: Timestamp
  ) {
    let sends = kind == .sendto || kind == .sendmsg || kind == .sendmmsg
    network.note(notification)
    if !sends, kind != .bind { connector?.note(notification) }
    guard sends || kind == .bind || kind == .listen else {
      _ = listener.proceed(notification.id)
      return
    }
    let evidence = Evidence(
      call, kind, wantsPayload: sends, read: reader(of: notification.thread))
    let thread = isTelling ? identities.thread(notification.thread, at: now) : nil
    let attempt = Attempt(
      call: call, kind: kind, evidence: evidence, peer: nil, verdict: .refused(network.refusal),
      isProbe: false, thread: notification.thread, moment: now,
      advice: sends ? nil : advice(call, kind, evidence, by: notification.thread))
    let (answer, peer) = network.decide(notification, attempt)
    give(answer, to: notification, attempt.sent(to: peer), thread)
  }

  private func advice(
    _ call: Call, _ kind: CallKind, _ evidence: Evidence, by thread: pid_t
  ) -> Advice? {
    adviser?.advice(call, kind, evidence, by: thread, below: OwnProcess.number)
  }

  /// Lets a call through in a network of the command's own, and writes down a datagram that would leave it.
  ///
  /// The kernel reads the address once more, so the log may be deceived, and nothing else.
  private func proceed(
    _ call: Call, _ kind: CallKind, _ notification: Notification, at now: Timestamp
  ) {
    let number = notification.thread
    guard judge.network != nil, kind == .sendto || kind == .sendmsg || kind == .sendmmsg else {
      _ = answer(.proceed, notification.id)
      return
    }
    let evidence = Evidence(call, kind, wantsPayload: true, read: reader(of: number))
    guard let address = evidence.address, PrivateNetwork.isOutside(address) else {
      _ = answer(.proceed, notification.id)
      return
    }
    let thread = identities.thread(number, at: now)
    let peer = NetworkPeer(
      of: CInt(bitPattern: call.word(0)), in: number, thread?.identity.process ?? number)
    guard answer(.proceed, notification.id), let peer, !peer.isStream else { return }
    let attempt = Attempt(
      call: call, kind: kind, evidence: evidence, peer: peer, verdict: .refused(ENETUNREACH),
      isProbe: false, thread: number, moment: now)
    record.add(attempt, by: thread)
  }

  /// Lets a call through and looks where it sends to.
  private func handleAllowed(
    _ call: Call, _ kind: CallKind, _ notification: Notification, at now: Timestamp
  ) {
    let number = notification.thread
    let evidence = Evidence(call, kind, wantsPayload: true, read: reader(of: number))
    let thread = identities.thread(number, at: now)
    let peer = NetworkPeer(
      of: CInt(bitPattern: call.word(0)), in: number, thread?.identity.process ?? number)
    guard answer(.proceed, notification.id), let peer else { return }
    let attempt = Attempt(
      call: call, kind: kind, evidence: evidence, peer: peer, verdict: .observed, isProbe: false,
      thread: number, moment: now)
    record.add(attempt, by: thread)
  }

  /// Gives the answer.
  ///
  /// - Returns: Whether the thread waited until then; otherwise nothing that was read is certain.
  private func answer(_ answer: Answer, _ id: UInt64) -> Bool {
    switch answer {
    case .refuse(let errno): listener.refuse(id, with: errno)
    case .proceed: listener.proceed(id)
    }
  }

  private func reader(of thread: pid_t) -> Evidence.Reader {
    { address, count in
      var bytes = [UInt8](repeating: 0, count: count)
      let isRead = bytes.withUnsafeMutableBytes {
        readMemory(of: thread, at: address, into: $0)
      }
      return isRead ? bytes : nil
    }
  }
}
