internal import CLinuxShims

/// A file that gets new contents as a whole, found by its path once: what becomes of links and folders
/// after that leads nowhere else.
///
/// A regular file is replaced, see `PinnedName`. What cannot be replaced, such as a pipe or
/// `/dev/stdout`, is opened at once and written to.
final class WholeFile {
  private enum Target {
    case name(PinnedName)
    case stream(CInt)
  }

  private let target: Target
  /// A reader of a pipe that takes nothing for so long is not waited for, in milliseconds.
  private static let patience: CInt = 30_000

  /// Finds the file.
  ///
  /// - Parameter path: The file's name, without NUL.
  /// - Throws: The errno of a call that failed; EPERM for a link of another user on the way.
  init(_ path: [UInt8]) throws(SystemError) {
    let place = try TrustedPath(path)
    guard let status = place.status, status.st_mode & mode_t(S_IFMT) != mode_t(S_IFREG) else {
      target = .name(try PinnedName(place))
      return
    }
    let number = try place.openStream()
    // Our own opening of it, so nobody else notices.
    _ = nonet_set_file_flags(number, nonet_file_flags(number) | O_NONBLOCK)
    target = .stream(number)
  }

  deinit { if case .stream(let number) = target { _ = close(number) } }

  /// What is written to instead of being replaced, where that is so.
  var stream: CInt? {
    if case .stream(let number) = target { return number }
    return nil
  }

  /// Gives the file new contents; a stream gets these too.
  ///
  /// - Throws: The errno of the step that failed; ETIMEDOUT where nobody reads a stream.
  func write(_ bytes: [UInt8]) throws(SystemError) {
    switch target {
    case .name(let name): try name.replace(with: bytes)
    case .stream(let number): try writePatiently(bytes, to: number, Self.patience)
    }
  }
}

/// Gives a file new contents, wholly or not at all; see `WholeFile`.
func writeWholeFile(_ path: [UInt8], _ bytes: [UInt8]) throws(SystemError) {
  try WholeFile(path).write(bytes)
}
