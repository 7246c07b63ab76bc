/// A folder whose sockets are allowed: those that were bound by a name in it and are still there.
///
/// Where the command may write to the folder, to be there is not enough: it could link or move the
/// socket of another server into it. But what that server once gave to bind(2) stays with its socket.
struct AllowedFolder {
  /// Where the folder was when the command started, without links; and what had each of the names then,
  /// from the root to the folder.
  private let name: [UInt8]
  private let way: [PinnedFile]
  private let folder: PinnedFile
  /// Whether the command may put sockets into the folder.
  private let isChangeable: Bool

  /// - Parameter path: Where the folder is.
  init(_ path: RealPath) {
    name = path.name
    way = path.files
    folder = path.file
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
    if let server = socket.peerProcess(), let places = ServerPlaces(server) {
      // In another mount namespace or behind another root the same name is another place.
      return places.isRootOurs && isParent(of: path, from: places.current)
    }
    // Who cannot be asked may have another root; then the file itself must never have been moved.
    return isParent(of: path, from: nil) && file.times.map { $0.made == $0.changed } == true
  }

  /// Whether what a server gave to bind(2) was the folder's name and a name in it.
  ///
  /// A command that may rename folders can have nearly any path lead here by now. So only words count
  /// from the first name on that it may change; a `..` among them may have been one of a link's target.
  ///
  /// - Parameters:
  ///   - path: What the server gave.
  ///   - current: The server's working folder, where it is known: one of those above the folder when the
  ///     command started, or the folder itself, whatever they are called now.
  /// - Returns: Whether it was.
  func isParent(of path: [UInt8], from current: PinnedFile?) -> Bool {
    guard let parent = Self.split(path)?.parent else { return false }
    if path.first == Self.slash {
      do throws(SystemError) {
        let firm = try RealPath(parent, .firm)
        return RealPath.joined(firm.names + firm.rest) == name
      } catch {
        return false
      }
    }
    guard let current, let index = way.firstIndex(where: { $0.isSame(as: current) }) else {
      return false
    }
    return RealPath.joined(PathText.names(name).prefix(index) + PathText.names(parent)) == name
  }

  /// The path in a `struct sockaddr_un`; `nil` for other addresses.
  static func path(_ address: [UInt8]) -> [UInt8]? {
    guard UnixAddress.isUnix(address) else { return nil }
    let path = Array(address[2...].prefix { $0 != 0 })
    return path.isEmpty ? nil : path
  }

  private static let slash = UInt8(ascii: "/")

  /// The name of a file and the way to its folder, empty for the working folder; `nil` where the last
  /// part is no name of a file.
  private static func split(_ path: [UInt8]) -> (parent: [UInt8], last: [UInt8])? {
    let place = path.lastIndex(of: slash)
    let last = place.map { Array(path[($0 + 1)...]) } ?? path
    if last.isEmpty || last.elementsEqual(".".utf8) || last.elementsEqual("..".utf8) { return nil }
    return (place.map { $0 == 0 ? [slash] : Array(path[..<$0]) } ?? [], last)
  }
}

/// Where the paths of a server begin; `nil` where this process may not know.
private struct ServerPlaces {
  let isRootOurs: Bool
  /// Its working folder.
  let current: PinnedFile

  init?(_ server: borrowing PeerProcess) {
    do throws(SystemError) {
      let folder = "/proc/\(server.pid)/"
      isRootOurs = try PinnedFile(Array((folder + "root").utf8)).isOwnRoot
      current = try PinnedFile(Array((folder + "cwd").utf8))
    } catch {
      return nil
    }
    if !server.isThere { return nil }
  }
}
