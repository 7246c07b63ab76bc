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
      walls: options.isObserving ? [] : plan.walls.reversed().map { $0.name }, command: words,
      version: Help.version, outer: outer?.calls ?? [])
  }

  func record(_ head: LogHead) throws(Failure) -> Record {
    var lines: LineLog?
    var document: DocumentLog?
    if let log = options.log {
      do throws(SystemError) {
        let isError = log.bytes.elementsEqual("-".utf8)
        let descriptor = isError ? STDERR_FILENO : try TrustedLinks.openLog(log.bytes)
        if !isError { try keepFromCommands(descriptor) }
        lines = LineLog(descriptor)
        try lines?.begin(head)
      } catch {
        throw .system(error, "--log: cannot write '\(log.text)', so the command was not run")
      }
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
    return Record(lines: lines, document: document) { if !isQuiet { nonet.say("warning: \($0)") } }
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
  }

  func sayHint(_ summary: Summary, _ first: (label: [UInt8], name: [UInt8])) {
    let count = summary.count == 1 ? "1 attempt" : "\(summary.count) attempts"
    let label = String(decoding: first.label, as: UTF8.self)
    let name = String(decoding: first.name, as: UTF8.self)
    let verb = options.isObserving ? "would be blocked" : "is blocked here"
    say(
      "network \(verb) by policy \"\(confined.name)\"; \(count), first: \(label) by \(name)")
  }
}
