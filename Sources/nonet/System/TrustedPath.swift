internal import CLinuxShims

/// A path that was walked once, from folder to folder: what becomes of its names after that leads
/// nowhere else.
///
/// An earlier command may have left a link on the way, so that this process writes where it leads.
/// Links count only where this process's user or root made them.
struct TrustedPath {
  /// The folder of what the path leads to.
  let folder: PinnedFolder
  /// Its name there; `.` for the folder itself.
  let name: [UInt8]
  /// What has that name; `nil` where nothing has.
  let status: stat?
  /// Whether the name is a link of procfs, which stands for an open file and has no path.
  let isOpenFile: Bool

  /// As in the kernel (MAXSYMLINKS).
  private static let mostLinks = 40
  private static let dot = [UInt8(ascii: ".")]

  /// Walks along a path; nothing need be at its end.
  ///
  /// - Parameters:
  ///   - path: From the root or from the working folder.
  ///   - makesFolders: Whether folders on the way are made where they are not there, for their owner
  ///     alone.
  /// - Throws: The errno of a step; EPERM for a link whose owner is neither this process's user nor
  ///   root.
  init(_ path: [UInt8], makesFolders: Bool = false) throws(SystemError) {
    guard !path.isEmpty else { throw SystemError(call: "open", number: ENOENT) }
    var here = try Self.start(path)
    var steps = Array(PathText.names(path).reversed())
    var links = 0
    while let step = steps.popLast() {
      if step.elementsEqual("..".utf8) {
        here = try here.folder(step)
        continue
      }
      guard let held = try here.look(step) else {
        if steps.isEmpty {
          (folder, name, status, isOpenFile) = (here, step, nil, false)
          return
        }
        guard makesFolders else { throw SystemError(call: "open", number: ENOENT) }
        try here.makeFolder(step)
        here = try here.folder(step)
        continue
      }
      let number = held.number
      var status = stat()
      _ = try attempt("fstat") { fstat(number, &status) }
      let isLink = status.st_mode & mode_t(S_IFMT) == mode_t(S_IFLNK)
      let isOfProcfs = isLink && nonet_is_procfs(number) == 1
      if isLink, !Self.isTrusted(status.st_uid) {
        throw SystemError(call: "following the link of another user", number: EPERM)
      }
      if steps.isEmpty, !isLink || isOfProcfs {
        (folder, name, isOpenFile) = (here, step, isOfProcfs)
        self.status = isLink ? try here.status(of: step, follows: true) : status
        return
      }
      if !isLink {
        here = PinnedFolder(held)
      } else if isOfProcfs {
        here = try here.folder(step, follows: true)
      } else {
        links += 1
        guard links <= Self.mostLinks else { throw SystemError(call: "open", number: ELOOP) }
        let target = try linkTarget(of: held)
        if target.first == PathText.slash { here = try Self.start(target) }
        steps += PathText.names(target).reversed()
      }
    }
    (folder, name, isOpenFile) = (here, Self.dot, false)
    status = try here.status(of: Self.dot)
  }

  /// Opens a file that is only added to; one that is made is its owner's alone.
  func openLog() throws(SystemError) -> CInt {
    let (folder, name) = (folder.number, nullTerminated(name))
    let follows: CInt = isOpenFile ? 1 : 0
    return try attempt("open") { nonet_open_log(folder, name, follows) }
  }

  /// Opens what is no regular file for writing.
  func openStream() throws(SystemError) -> CInt {
    let (folder, name) = (folder.number, nullTerminated(name))
    let follows: CInt = isOpenFile ? 1 : 0
    return try attempt("open") { nonet_open_for_writing(folder, name, follows) }
  }

  /// The folder to which a path leads; where `isMade` says so it is made, with those above it.
  static func folder(_ path: [UInt8], isMade: Bool = false) throws(SystemError) -> PinnedFolder {
    let place = try TrustedPath(path, makesFolders: isMade)
    if place.status == nil, isMade { try place.folder.makeFolder(place.name) }
    return try place.folder.folder(place.name, follows: place.isOpenFile)
  }

  private static func start(_ path: [UInt8]) throws(SystemError) -> PinnedFolder {
    try path.first == PathText.slash ? PinnedFolder("/") : PinnedFolder(".")
  }

  /// Whether an owner of links is this process's user or root.
  private static func isTrusted(_ owner: uid_t) -> Bool {
    // In a user namespace root may be nobody; the root folder shows who it is.
    var root = stat()
    return owner == 0 || owner == geteuid() || stat("/", &root) == 0 && owner == root.st_uid
  }
}
