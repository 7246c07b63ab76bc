internal import CLinuxShims

/// One file of the machine, whatever its names are.
struct FileIdentity: Equatable {
  let device: UInt64
  let inode: UInt64
}

/// A time that a file system wrote.
struct FileTime: Comparable {
  private let seconds: Int
  private let nanoseconds: Int

  init(_ time: timespec) {
    (seconds, nanoseconds) = (time.tv_sec, time.tv_nsec)
  }

  static func < (left: FileTime, right: FileTime) -> Bool {
    (left.seconds, left.nanoseconds) < (right.seconds, right.nanoseconds)
  }
}

/// How a path is resolved; never over links of /proc such as /proc/self/fd, which would lead into
/// this very process.
enum Resolution {
  case plain
  /// The folder is the root, and nothing leads out of it.
  case inRoot
  /// What would lead out of the folder fails.
  case beneath
}

/// A file held open without access to its contents (O_PATH): it stays the same file, and there, while
/// its names come and go.
final class PinnedFile {
  private let descriptor: Descriptor
  let identity: FileIdentity
  /// The mount by which it was found (Linux 5.8); 0 where the kernel does not tell.
  private let mount: UInt64
  let isSocket: Bool
  let isFolder: Bool
  let isLink: Bool
  let owner: uid_t
  /// Whether its mode lets others than its owner write to it, where nothing else keeps them from it.
  private let isOpenToOthers: Bool
  /// How many names the file has.
  let names: UInt32
  /// When the file was made and when it was last changed, linked, moved or given away; `nil` where the
  /// file system does not tell (statx(2)).
  let times: (made: FileTime, changed: FileTime)?
  /// Whether only its owner and the folder's may take a file out of the folder (inode(7), S_ISVTX).
  let isSticky: Bool
  var number: CInt { descriptor.number }

  init(owning number: CInt) throws(SystemError) {
    let descriptor = Descriptor(owning: number)
    var found = nonet_file()
    _ = try attempt("statx") { nonet_look_at(number, &found) }
    self.descriptor = descriptor
    identity = FileIdentity(device: found.device, inode: found.inode)
    mount = found.mount
    let kind = found.mode & UInt32(S_IFMT)
    isSocket = kind == UInt32(S_IFSOCK)
    isFolder = kind == UInt32(S_IFDIR)
    isLink = kind == UInt32(S_IFLNK)
    owner = found.owner
    // Of a file with an access control list, what is shown for the group is the most that the list gives.
    isOpenToOthers = found.mode & 0o022 != 0
    names = found.names
    isSticky = found.mode & UInt32(S_ISVTX) != 0
    times = found.has_times == 0 ? nil : (FileTime(found.made), FileTime(found.changed))
  }

  /// Pins a file by a name that is taken as this process sees it; links of /proc lead on.
  convenience init(_ path: [UInt8]) throws(SystemError) {
    try self.init(owning: try attempt("open") { nonet_pin_here(nullTerminated(path)) })
  }

  /// Pins a file by a name in a folder (openat2(2), Linux 5.6).
  ///
  /// - Parameters:
  ///   - path: The name.
  ///   - folder: Where it begins.
  ///   - resolution: How far it may lead.
  ///   - follows: Whether a symbolic link at its end is followed.
  /// - Throws: The errno of openat2(2).
  convenience init(
    _ path: [UInt8], in folder: PinnedFile, _ resolution: Resolution, follows: Bool = true
  ) throws(SystemError) {
    let how =
      switch resolution {
      case .plain: NONET_RESOLVE_PLAIN
      case .inRoot: NONET_RESOLVE_IN_ROOT
      case .beneath: NONET_RESOLVE_BENEATH
      }
    let start = folder.number
    try self.init(
      owning: try attempt("openat2") {
        nonet_pin(start, nullTerminated(path), follows ? 1 : 0, UInt64(how.rawValue))
      })
  }

  /// Whether the file has no name any more, so that nobody finds it by a path.
  var isGone: Bool {
    var now = nonet_file()
    return nonet_look_at(number, &now) == 0 && now.names == 0
  }

  /// A name of the file at this moment, as this process sees it; only a hint.
  var name: [UInt8]? {
    var bytes = [CChar](repeating: 0, count: 4096)
    let count = readlink("/proc/self/fd/\(number)", &bytes, bytes.count)
    return count < 0 ? nil : bytes[..<count].map { UInt8(bitPattern: $0) }
  }

  /// Where a symbolic link leads; `nil` for what is none.
  var target: [UInt8]? {
    var bytes = [CChar](repeating: 0, count: 4096)
    let capacity = bytes.count
    let count = isLink ? nonet_read_link(number, &bytes, capacity) : -1
    return count < 0 || count == capacity ? nil : bytes[..<count].map { UInt8(bitPattern: $0) }
  }

  /// Whether this process's user may put files into the folder and take them out, or may give itself
  /// the right to.
  ///
  /// A mount that is read-only (EROFS) keeps nobody from the same folder by another mount, nor a mark
  /// (EPERM, chattr(1)) from who may take it off: there it counts who could write without them.
  var isChangeable: Bool {
    if nonet_may_write(number) == 0 || owner == geteuid() { return true }
    switch nonet_errno() {
    case EACCES: return false
    case EROFS, EPERM: return geteuid() == 0 || isOpenToOthers
    // It could not be asked.
    case _: return true
    }
  }

  /// Whether this process's user may put something else in the place of a file in the folder.
  func letsReplace(_ file: PinnedFile) -> Bool {
    let user = geteuid()
    guard isChangeable else { return false }
    return !isSticky || user == 0 || owner == user || file.owner == user
  }

  /// Whether it is the same file, found by the same mount.
  func isSame(as other: PinnedFile) -> Bool {
    identity == other.identity && mount == other.mount && mount != 0
  }

  /// Whether this is the root of this process, in the same mount.
  var isOwnRoot: Bool { nonet_is_own_root(number) == 1 }
}
