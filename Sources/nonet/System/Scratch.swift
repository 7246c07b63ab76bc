internal import CLinuxShims

/// A file of a new name for us alone, read by the descriptor that made it whatever becomes of the name.
struct ScratchFile: ~Copyable {
  private let file: Descriptor
  let path: [UInt8]

  /// Makes the file.
  ///
  /// - Parameter folder: Where, an absolute path.
  /// - Throws: The errno of mkostemp(3).
  init(in folder: [UInt8]) throws(SystemError) {
    var template = nullTerminated(folder + Array("/nonet-XXXXXX".utf8))
    file = Descriptor(owning: try attempt("mkostemp") { nonet_scratch_file(&template) })
    path = template.dropLast().map { UInt8(bitPattern: $0) }
  }

  /// What was written to the file, at most a byte more than `limit`.
  borrowing func contents(limit: Int) throws(SystemError) -> [UInt8] {
    try file.start(limit + 1)
  }

  /// Takes the name away; whatever somebody else put in its place goes or stays as they could do it too.
  borrowing func remove() { _ = unlink(nullTerminated(path)) }
}

/// Where a process goes on that has made a child of itself.
enum Beside {
  /// In the child.
  case child
  /// In this process, once the child has ended.
  case parent(ChildChange)
}

/// Goes on in a child; this process waits for it, and hands on signals that other processes send.
///
/// - Parameter output: The descriptor that becomes the child's standard output, and is closed here.
/// - Returns: Which of the two the caller is.
/// - Throws: The errno of fork(2) or waitpid(2).
func stayBeside(output: CInt) throws(SystemError) -> Beside {
  var status: CInt = 0
  if try attempt("fork", { nonet_stay_beside(output, &status) }) == 0 { return .child }
  let signal = nonet_end_signal(status)
  return .parent(signal != 0 ? .killed(signal) : .exited(nonet_exit_status(status)))
}

/// Runs a program with other standard streams and waits for its end.
///
/// - Parameters:
///   - words: The program, found along PATH, and its arguments.
///   - input: Its standard input, as bytes.
///   - limit: How much of its standard output is read at most, and a byte more.
/// - Returns: What it wrote to standard output, and how it ended.
/// - Throws: The errno of a call that failed.
func output(
  of words: [[UInt8]], input: [UInt8], limit: Int
) throws(SystemError) -> (text: [UInt8], end: ChildChange) {
  let given = try MemoryFile()
  let taken = try MemoryFile()
  try writeAll(input, to: given.number)
  _ = try attempt("lseek") { lseek(given.number, 0, SEEK_SET) }
  let copies = words.map { word in
    let copy = UnsafeMutablePointer<CChar>.allocate(capacity: word.count + 1)
    for (offset, byte) in word.enumerated() { copy[offset] = CChar(bitPattern: byte) }
    copy[word.count] = 0
    return copy
  }
  defer { for copy in copies { copy.deallocate() } }
  var arguments = copies.map { Optional($0) } + [nil]
  var status: CInt = 0
  _ = try attempt("fork") {
    nonet_run_program(&arguments, given.number, taken.number, &status)
  }
  _ = try attempt("lseek") { lseek(taken.number, 0, SEEK_SET) }
  let text = try readAll(from: taken.number, limit: limit)
  let signal = nonet_end_signal(status)
  return (text, signal != 0 ? .killed(signal) : .exited(nonet_exit_status(status)))
}

/// A file in memory that no name leads to (memfd_create(2)).
private struct MemoryFile: ~Copyable {
  private let file: Descriptor

  init() throws(SystemError) {
    file = Descriptor(owning: try attempt("memfd_create") { nonet_memory_file() })
  }

  var number: CInt { file.number }
}

/// A path without links (realpath(3)); `nil` where nothing is there.
func resolved(_ path: [UInt8]) -> [UInt8]? {
  guard let found = realpath(nullTerminated(path), nil) else { return nil }
  defer { free(found) }
  return UnsafeRawBufferPointer(start: found, count: strlen(found)).map { $0 }
}
