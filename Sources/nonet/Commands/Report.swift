internal import CLinuxShims

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
    try Self.write(try Self.page(of: try contents(), named: log.text), to: file)
  }

  /// Writes a page, wholly or not at all.
  static func write(_ page: [UInt8], to file: Word) throws(Failure) {
    if file.bytes.elementsEqual("-".utf8) { return try printOut(page) }
    do throws(SystemError) {
      try writeWholeFile(file.bytes, page)
    } catch {
      throw .system(error, "cannot write the report '\(file.text)'")
    }
  }

  /// The page about a log.
  ///
  /// - Parameters:
  ///   - bytes: The log as it was written, or as far as it was.
  ///   - name: What the log is called, for messages.
  /// - Returns: HTML in UTF-8.
  /// - Throws: A failure where nothing of it can be read.
  static func page(of bytes: [UInt8], named name: String) throws(Failure) -> [UInt8] {
    guard bytes.count <= LogReader.mostBytes else {
      throw .refused("the log '\(name)' has more than \(LogReader.mostBytes) bytes")
    }
    do throws(LogReader.Fault) {
      return ReportPage(try LogReader.read(bytes)).bytes
    } catch {
      throw .refused(
        "'\(name)' is no log of nonet: \(error.reason); give a file that --log-dir wrote")
    }
  }

  private func contents() throws(Failure) -> [UInt8] {
    let isInput = log.bytes.elementsEqual("-".utf8)
    do throws(SystemError) {
      if isInput { return try readAll(from: STDIN_FILENO, limit: LogReader.mostBytes) }
      return try Descriptor(reading: log.pointer).contents(limit: LogReader.mostBytes)
    } catch {
      throw .refused(
        "cannot read the log\(isInput ? " from standard input" : " '\(log.text)'"): \(error.reason)"
      )
    }
  }
}
