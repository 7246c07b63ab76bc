/// `nonet --report FILE.html --from LOG`: makes a page of what a log tells.
struct Report {
  /// The page to write; `-` is standard output.
  let file: Word
  /// The log to read; `-` is standard input.
  let log: Word

  /// Writes the page, wholly or not at all.
  ///
  /// - Throws: A failure where the log cannot be read or the page cannot be written.
  func perform() throws(Failure) {
    let (bytes, isWithoutWriter) = try contents()
    if isWithoutWriter {
      say(
        "'\(log.text)' says \"running\", but its nonet is gone: it was killed, or this is a copy of "
          + "the log")
    }
    let page = try page(of: bytes, isWithoutWriter: isWithoutWriter)
    if file.bytes.elementsEqual("-".utf8) { return try printOut(page) }
    try ReportFile(file).write(page)
  }

  private func page(of bytes: [UInt8], isWithoutWriter: Bool) throws(Failure) -> [UInt8] {
    guard bytes.count <= LogReader.mostBytes else {
      throw .refused("the log '\(log.text)' has more than \(LogReader.mostBytes) bytes")
    }
    do throws(LogReader.LogError) {
      var log = try LogReader.read(bytes)
      log.isWithoutWriter = isWithoutWriter
      return ReportPage(log).bytes
    } catch {
      throw .refused(
        "'\(log.text)' is no log of nonet: \(error.reason); give a file that --log-dir wrote")
    }
  }

  /// The log, and whether nobody writes to it any more though it says "running".
  private func contents() throws(Failure) -> ([UInt8], Bool) {
    let isInput = log.bytes.elementsEqual("-".utf8)
    do throws(SystemError) {
      if isInput { return try Self.contents(of: STDIN_FILENO) }
      let file = try Descriptor(reading: log.pointer)
      return try Self.contents(of: file.number)
    } catch {
      throw .refused(
        "cannot read the log\(isInput ? " from standard input" : " '\(log.text)'"): \(error.reason)"
      )
    }
  }

  private static func contents(of number: CInt) throws(SystemError) -> ([UInt8], Bool) {
    // Before it is read: a writer that ends meanwhile would look like one that is gone.
    let isWithoutWriter = LostDocuments.isWithoutWriter(number)
    return (try readAll(from: number, limit: LogReader.mostBytes), isWithoutWriter)
  }
}

/// Where a report goes, found once: what a command does to the path after that leads nowhere else.
struct ReportFile {
  private let name: Word
  private let file: WholeFile

  /// Finds the file; what is no regular file is opened.
  init(_ name: Word) throws(Failure) {
    self.name = name
    do throws(SystemError) {
      file = try WholeFile(name.bytes)
      if let stream = file.stream { try keepFromCommands(stream) }
    } catch {
      throw Self.failure(error, name)
    }
  }

  /// Writes a page before the command runs, so that what cannot be written is known in time; a stream
  /// takes only one page.
  func begin(_ page: [UInt8]) throws(Failure) {
    if file.stream == nil { try write(page) }
  }

  /// Writes the page, wholly or not at all.
  func write(_ page: [UInt8]) throws(Failure) {
    do throws(SystemError) {
      try file.write(page)
    } catch {
      throw Self.failure(error, name)
    }
  }

  private static func failure(_ error: SystemError, _ name: Word) -> Failure {
    .system(error, "cannot write the report '\(name.text)'")
  }
}
