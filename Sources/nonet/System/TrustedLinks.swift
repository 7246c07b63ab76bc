internal import CLinuxShims

/// Links at the end of a path, followed one by one: an earlier command may have left one, so that this
/// process writes where it leads.
enum TrustedLinks {
  /// As in the kernel (MAXSYMLINKS).
  private static let most = 40

  private enum Step {
    case noLink
    /// A link of procfs, which stands for an open file and has no path.
    case openFile
    case path([UInt8])
  }

  /// Opens a file that is only added to; one that is made is its owner's alone.
  ///
  /// - Throws: EPERM for a link whose owner is neither this process's user nor root.
  static func openLog(_ path: [UInt8]) throws(SystemError) -> CInt {
    var name = path
    for _ in 0..<most {
      let text = nullTerminated(name)
      do throws(SystemError) {
        return try attempt("open") { nonet_open_log(text, 0) }
      } catch {
        if error.number != ELOOP { throw error }
      }
      switch try step(name) {
      // Somebody has put a file in its place meanwhile.
      case .noLink: continue
      case .openFile: return try attempt("open") { nonet_open_log(text, 1) }
      case .path(let next): name = next
      }
    }
    throw SystemError(call: "open", number: ELOOP)
  }

  /// The path behind all links at the end of a path; nothing need be there.
  ///
  /// - Throws: EPERM for a link whose owner is neither this process's user nor root.
  static func follow(_ path: [UInt8]) throws(SystemError) -> [UInt8] {
    var name = path
    for _ in 0..<most {
      // Only a link is worth openat2(2), which an outer filter may refuse.
      var status = stat()
      guard lstat(nullTerminated(name), &status) == 0,
        status.st_mode & mode_t(S_IFMT) == mode_t(S_IFLNK)
      else { return name }
      switch try step(name) {
      case .noLink, .openFile: return name
      case .path(let next): name = next
      }
    }
    throw SystemError(call: "open", number: ELOOP)
  }

  /// Looks at what has a name and holds it meanwhile: nobody can exchange it between two looks.
  private static func step(_ name: [UInt8]) throws(SystemError) -> Step {
    let text = nullTerminated(name)
    let held: Descriptor
    do throws(SystemError) {
      held = Descriptor(
        owning: try attempt("open") {
          nonet_pin(AT_FDCWD, text, 0, UInt64(NONET_RESOLVE_PLAIN.rawValue))
        })
    } catch {
      if error.number == ENOENT { return .noLink }
      throw error
    }
    let number = held.number
    if nonet_is_procfs(number) == 1 { return .openFile }
    var status = stat()
    _ = try attempt("fstat") { fstat(number, &status) }
    guard status.st_mode & mode_t(S_IFMT) == mode_t(S_IFLNK) else { return .noLink }
    guard isTrusted(status.st_uid) else {
      throw SystemError(call: "following the link of another user", number: EPERM)
    }
    var target = [CChar](repeating: 0, count: Int(PATH_MAX))
    let capacity = target.count
    let count = try attempt("readlink") { readlinkat(number, "", &target, capacity) }
    let bytes = target[..<count].map { UInt8(bitPattern: $0) }
    if bytes.first == PathText.slash { return .path(bytes) }
    return .path(name.dropLast(PathText.lastComponent(name).count) + bytes)
  }

  /// Whether an owner of links is this process's user or root.
  private static func isTrusted(_ owner: uid_t) -> Bool {
    // In a user namespace root may be nobody; the root folder shows who it is.
    var root = stat()
    return owner == 0 || owner == geteuid() || stat("/", &root) == 0 && owner == root.st_uid
  }
}
