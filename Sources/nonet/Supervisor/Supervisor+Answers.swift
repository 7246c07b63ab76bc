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
    guard let verdict = ruling.verdict else {
      if ruling.isOwn || ruling.isMade {
        _ = answer(.proceed, notification.id)
      } else if let connector {
        connector.note(notification)
        _ = answer(.proceed, notification.id)
      } else {
        handleAllowed(call, kind, notification, at: now)
      }
      return
    }
    let evidence = Evidence(call, kind, read: reader(of: notification.thread))
    let thread = identities.thread(notification.thread, at: now)
    if kind == .connect, let connector, case .refuse(let number) = ruling.answer {
      let attempt = Attempt(
        call: call, kind: kind, evidence: evidence, peer: nil, verdict: verdict, isProbe: false,
        thread: notification.thread, moment: now)
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
    guard answer(ruling.answer, notification.id) else { return }
    let attempt = Attempt(
      call: call, kind: kind, evidence: evidence, peer: nil, verdict: verdict,
      isProbe: ruling.isWithdrawn && kind == .other, thread: notification.thread, moment: now)
    record.add(attempt, by: thread)
  }

  /// Writes down what became of a connect, once that is known.
  func note(
    _ answer: UnixConnector.Answer, _ attempt: Attempt, _ thread: Identities.Thread?
  ) {
    // In a network of the command's own only what would leave it is an attempt.
    let isUnix = attempt.evidence.address.map { UnixAddress.isUnix($0) } ?? true
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
