internal import BPFAssembler

/// A filter that was read and not compiled: from a file, or from a running process.
struct ReadFilter {
  let program: Program
  let name: String

  /// Reads what `--filter` or `--verify` names.
  ///
  /// - Throws: Why it cannot be read, or what the kernel would refuse about it.
  static func chosen(by options: Options) throws(Failure) -> [ReadFilter] {
    if let file = options.filter { return [try ReadFilter(file: file)] }
    return try options.verify.map { process throws(Failure) in try running(in: process) } ?? []
  }

  /// The filters of a process in the order in which they were installed, at least one.
  ///
  /// - Throws: Why they cannot be read, or that there are none.
  static func running(in process: pid_t) throws(Failure) -> [ReadFilter] {
    let filters: [[UInt8]]
    do throws(SystemError) {
      filters = try runningFilters(of: process)
    } catch {
      throw unreadable(process, error)
    }
    if filters.isEmpty {
      throw Failure(status: 1, message: "process \(process) is under no filter")
    }
    var read: [ReadFilter] = []
    for (index, bytes) in filters.enumerated() {
      read.append(try ReadFilter(bytes, named: "\(index + 1) of process \(process)"))
    }
    return read
  }

  private init(file: Word) throws(Failure) {
    // More than the kernel takes; how much more does not matter.
    let limit = 1 << 20
    let isInput = file.bytes.elementsEqual("-".utf8)
    let name = isInput ? "standard input" : file.text
    let bytes: [UInt8]
    do throws(SystemError) {
      bytes =
        isInput
        ? try readAll(from: STDIN_FILENO, limit: limit)
        : try Descriptor(reading: file.pointer).contents(limit: limit)
    } catch {
      throw .refused("cannot read the filter '\(name)': \(error.reason)")
    }
    if bytes.count > limit { throw .refused("\(name) is longer than any filter") }
    try self.init(bytes, named: name)
  }

  private init(_ bytes: [UInt8], named name: String) throws(Failure) {
    do throws(ProgramError) {
      program = try Program(ignoringUnusedFieldsOf: bytes)
    } catch {
      throw .refused("\(name) is no filter: \(error)")
    }
    self.name = name
  }

  private static func unreadable(_ process: pid_t, _ error: SystemError) -> Failure {
    switch error.number {
    case ESRCH: .refused("there is no process \(process)")
    case EPERM:
      .refused(
        "process \(process) may not be looked at: it is another user's, or traced by somebody else")
    case EACCES:
      .refused(
        "the filters of process \(process) cannot be read: the kernel shows them to root alone, "
          + "and to nobody who is under a filter")
    case ETIMEDOUT: .refused("process \(process) cannot be stopped to be looked at")
    case _: .system(error, "cannot read the filters of process \(process)")
    }
  }
}
