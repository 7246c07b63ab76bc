internal import BPFAssembler

/// Why nonet stops: the words and the exit status.
///
/// Statuses are made here and nowhere else.
struct Failure: Error {
  let status: CInt
  /// What is wrong and what to do, without the leading name; may have further lines.
  let message: String
  /// Whether the usage line helps.
  var showsUsage = false

  /// nonet itself failed or refused (as for `env` and `timeout`).
  static func refused(_ message: String) -> Failure { Failure(status: 125, message: message) }

  /// The command line makes no sense.
  static func usage(_ message: String) -> Failure {
    Failure(status: 125, message: message, showsUsage: true)
  }

  /// A system call failed that had to succeed.
  static func system(_ error: SystemError, _ doing: String, advice: String = "") -> Failure {
    refused("\(doing): \(error.call): \(error.reason)\(advice.isEmpty ? "" : "; \(advice)")")
  }

  /// The same failure for the host of a hook: any status but 2 would let the command run as it is.
  ///
  /// What hosts show of it is one line.
  var forHost: Failure {
    let lines = message.utf8.split(separator: UInt8(ascii: "\n"))
      .map { $0.drop { $0 == UInt8(ascii: " ") } }
      .filter { line in !line.allSatisfy { $0 == UInt8(ascii: "^") || $0 == UInt8(ascii: "~") } }
      .map { String(decoding: Array($0), as: UTF8.self) }
    return Failure(status: Self.blockedStatus, message: lines.joined(separator: "; "))
  }

  /// The only status after which every host keeps the command from running.
  static let blockedStatus: CInt = 2

  /// A hook that does not let the command run.
  static func blocked(_ failure: Failure) -> Failure {
    Failure(status: blockedStatus, message: "blocked: \(failure.forHost.message)")
  }

  /// The command was not found.
  static func notFound(_ message: String) -> Failure { Failure(status: 127, message: message) }

  /// The command could not be run.
  static func notRunnable(_ message: String) -> Failure { Failure(status: 126, message: message) }
}

/// Says something to the person at the terminal; where that fails there is nobody to tell.
///
/// Whatever a message was made of, no hidden character reaches the terminal. A command may have filled the pipe that
/// standard error is, so a reader that takes nothing for some seconds is told nothing more.
func say(_ message: String) {
  if isUnheard { return }
  do throws(SystemError) {
    let text = SafeText.shown(message.utf8, keepsLines: true)
    try writePatiently(Array("nonet: \(text)\n".utf8), to: STDERR_FILENO, 3000)
  } catch {
    if error.number == ETIMEDOUT { isUnheard = true }
  }
}

/// Whether nobody has read what was said.
private nonisolated(unsafe) var isUnheard = false

/// Prints text for people; whatever it was made of, no hidden character reaches the terminal.
///
/// - Throws: A failure unless all of it was taken.
func printOut(_ text: String) throws(Failure) {
  try printOut(Array(SafeText.shown(text.utf8, keepsLines: true).utf8))
}

/// Prints what was asked for, as it is.
///
/// - Throws: A failure unless every byte was taken: a full disk is not success.
func printOut(_ bytes: [UInt8]) throws(Failure) {
  do throws(SystemError) {
    try writeAll(bytes, to: STDOUT_FILENO)
  } catch {
    throw .system(error, "cannot write to standard output")
  }
}
