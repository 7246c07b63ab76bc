/// Where a supervised run writes what was tried, and what it says of that at its end.
extension SupervisedRun {
  func head(_ outer: OuterRefusals?) -> LogHead {
    var words: [[UInt8]] = []
    var next = command
    while let word = next.pointee {
      words.append(Word(pointer: word).bytes)
      next += 1
    }
    return LogHead(
      started: .now, process: OwnProcess.number, policy: confined.name,
      layers: options.isObserving ? [] : plan.layers.reversed().map { $0.name }, command: words,
      version: Help.version, outer: outer?.calls ?? [])
  }

  /// Opens the log of lines.
  func opened(_ log: Word) throws(Failure) -> LineLog {
    if log.bytes.elementsEqual("-".utf8) { return LineLog(STDERR_FILENO) }
    do throws(SystemError) {
      let descriptor = try TrustedPath(log.bytes).openLog()
      try keepFromCommands(descriptor)
      return LineLog(descriptor)
    } catch {
      throw cannotWrite(log, error)
    }
  }

  private func cannotWrite(_ log: Word, _ error: SystemError) -> Failure {
    .system(error, "--log: cannot write '\(log.text)', so the command was not run")
  }

  /// Begins the logs.
  func record(_ head: LogHead, _ opened: LineLog?) throws(Failure) -> Record {
    var lines = opened
    var document: DocumentLog?
    do throws(SystemError) {
      try lines?.begin(head)
    } catch {
      throw options.log.map { cannotWrite($0, error) } ?? .system(error, "--log")
    }
    if let folder = options.logDirectory {
      do throws(SystemError) {
        document = try DocumentLog(folder: folder.bytes, head)
      } catch {
        throw .system(
          error, "--log-dir: cannot write in '\(folder.text)', so the command was not run")
      }
    }
    let isQuiet = options.isQuiet
    return Record(
      lines: lines, document: document,
      complain: { if !isQuiet { nonet.say("warning: \($0)") } },
      tell: tells ? { saySilence($0) } : nil)
  }

  func sayAtEnd(_ summary: Summary, _ record: Record) {
    let what = summary.count == 1 ? "1 attempt" : "\(summary.count) attempts"
    let became =
      options.isObserving
      ? "that policy \"\(confined.name)\" would have refused, or that sent something"
      : "refused by policy \"\(confined.name)\""
    say("\(what) \(became): \(summary.destinations(3))")
    let kept = record.kept
    let name = record.document?.name ?? options.log?.text
    let place = name.map { $0 == "-" ? "" : kept.place(summary.count, $0) }
    say("by \(summary.programs(3))\(place ?? "; --log FILE writes down each of them")")
    if let missing = kept.missing { say(missing) }
    if let advice = summary.advice, !options.isHinting { say(advice) }
  }

  func sayHint(_ summary: Summary) {
    guard let words = words(summary) else { return }
    let verb = options.isObserving ? "would be blocked" : "is blocked here"
    say("network \(verb) by policy \"\(confined.name)\"; \(words)")
  }

  /// Says of a run that does nothing more what may be keeping it.
  private func saySilence(_ summary: Summary) {
    guard let words = words(summary) else { return }
    say("still running, and refused by policy \"\(confined.name)\" until now: \(words)")
  }

  /// How many attempts there were, the first that mattered, and what would have let it go on.
  private func words(_ summary: Summary) -> String? {
    guard let first = summary.first else { return nil }
    let count = summary.count == 1 ? "1 attempt" : "\(summary.count) attempts"
    let label = String(decoding: first.label, as: UTF8.self)
    let name = String(decoding: first.name, as: UTF8.self)
    let advice = summary.advice.map { "; \($0)" } ?? ""
    return "\(count), first: \(label) by \(name)\(advice)"
  }

  /// Whether a person is told what was refused.
  private var tells: Bool {
    !options.isObserving && (options.isHinting || options.isLogging && !options.isQuiet)
  }

  /// Who knows which option would have helped: under `default` alone, on which the others build.
  var adviser: Adviser? {
    guard tells, options.preset == .default else { return nil }
    return Adviser(
      suppliesSockets: options.suppliesSockets,
      allowsInside: options.allowedUnix.contains { AllowedSockets.isInside($0) })
  }
}
