/// A folder whose sockets are allowed: those that were bound by a name in it and are still there.
///
/// Where the command may write to the folder, to be there is not enough: it could link or move the
/// socket of another server into it. But what that server once gave to bind(2) stays with its socket.
struct AllowedFolder {
  private let folder: PinnedFile
  /// The folder's name without links, when the command started.
  private let name: [UInt8]
  /// Whether the command may put sockets into the folder.
  private let isChangeable: Bool

  /// - Parameter path: Where the folder is.
  init(_ path: RealPath) {
    folder = path.file
    name = path.name
    isChangeable = path.file.isChangeable
  }

  /// Whether a file is in the folder now.
  func holds(_ file: PinnedFile) -> Bool {
    guard let name = file.name, let last = Self.split(name)?.last else { return false }
    do throws(SystemError) {
      // The name is a hint only: what counts is that the folder has this very file.
      return try PinnedFile(last, in: folder, .beneath, follows: false).identity == file.identity
    } catch {
      return false
    }
  }

  /// Whether a socket in the folder was bound there, too.
  ///
  /// - Parameters:
  ///   - file: The socket's file, which the folder holds.
  ///   - socket: What is connected to it.
  /// - Returns: Whether that is certain.
  func isPlace(of file: PinnedFile, boundBy socket: borrowing UnixSocket) -> Bool {
    guard isChangeable else { return true }
    guard let address = socket.peerAddress, let path = Self.path(address) else { return false }
    let times = file.times
    if let server = socket.peerProcess(), let places = ServerPlaces(server) {
      // In another mount namespace or behind another root the same name is another place.
      return places.isRootOurs && isParent(of: path, from: places.current, at: times?.made)
    }
    // Who cannot be asked may have another root; then the file itself must never have been moved.
    return isParent(of: path, from: nil, at: times?.made)
      && times.map { $0.made == $0.changed } == true
  }

  /// Whether a server's path leads into the folder.
  ///
  /// The folder's name decides and not that it is this very one, for a command that may rename folders
  /// could have any path lead to it.
  ///
  /// - Parameters:
  ///   - path: What the server gave to bind(2).
  ///   - current: The server's working folder, where it is known.
  ///   - time: When it did; links that the command may have put there later lead nowhere.
  /// - Returns: Whether it does.
  func isParent(of path: [UInt8], from current: [UInt8]?, at time: FileTime?) -> Bool {
    var path = path
    if path.first != Self.slash {
      guard let current else { return false }
      path = current + [Self.slash] + path
    }
    guard let parent = Self.split(path)?.parent else { return false }
    if parent == name { return true }
    do throws(SystemError) {
      let real = try RealPath(parent)
      guard real.name == name else { return false }
      return real.looseLink == nil || time.map { real.isOlder(than: $0) } == true
    } catch {
      return false
    }
  }

  /// The path in a `struct sockaddr_un`; `nil` for other addresses.
  static func path(_ address: [UInt8]) -> [UInt8]? {
    guard UnixAddress.isUnix(address) else { return nil }
    let path = Array(address[2...].prefix { $0 != 0 })
    return path.isEmpty ? nil : path
  }

  private static let slash = UInt8(ascii: "/")

  /// The name of a file and that of its folder; `nil` where the last part is no name of a file.
  private static func split(_ path: [UInt8]) -> (parent: [UInt8], last: [UInt8])? {
    guard let place = path.lastIndex(of: slash) else { return nil }
    let last = Array(path[(place + 1)...])
    if last.isEmpty || last.elementsEqual(".".utf8) || last.elementsEqual("..".utf8) { return nil }
    return (place == 0 ? [slash] : Array(path[..<place]), last)
  }
}

/// Where the paths of a server begin; `nil` where this process may not know.
private struct ServerPlaces {
  let isRootOurs: Bool
  /// Its working folder by its real name, where it has one here.
  let current: [UInt8]?

  init?(_ server: borrowing PeerProcess) {
    do throws(SystemError) {
      let folder = "/proc/\(server.pid)/"
      isRootOurs = try PinnedFile(Array((folder + "root").utf8)).isOwnRoot
      let here = try PinnedFile(Array((folder + "cwd").utf8))
      // The kernel adds words to the name of a folder that is gone or out of reach.
      if let name = here.name, name.first == UInt8(ascii: "/"),
        try PinnedFile(name, in: here, .plain).identity == here.identity
      {
        current = name
      } else {
        current = nil
      }
    } catch {
      return nil
    }
    if !server.isThere { return nil }
  }
}
