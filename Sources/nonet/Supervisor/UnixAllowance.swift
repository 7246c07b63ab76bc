internal import CLinuxShims

/// What `--allow-unix` lets a command connect to.
struct UnixAllowance {
  /// Sockets on which a process inside listens.
  let allowsInside: Bool
  let sockets: [PinnedFile]
  let folders: [AllowedFolder]
  /// The ids of this process, which `EffectiveIDs.remember` noted.
  let own: EffectiveIDs

  /// Whether a file is one of the sockets that were named.
  func names(_ file: PinnedFile) -> Bool {
    sockets.contains { $0.identity == file.identity }
  }

  /// The allowed folder in which a socket is at this moment.
  func folder(of file: PinnedFile) -> AllowedFolder? {
    folders.first { $0.holds(file) }
  }
}

/// A folder whose sockets are allowed: those that were bound by a name in it and are still there.
///
/// To be there is not enough. Whoever may write to the folder could link or move the socket of another
/// server into it; but what that server once gave to bind(2) stays with its socket.
struct AllowedFolder {
  private let folder: PinnedFile
  /// The folder as it was named and as it is called without links, both without a slash at the end.
  private let names: [[UInt8]]

  /// - Parameters:
  ///   - folder: The folder.
  ///   - name: How the command line names it.
  init(_ folder: PinnedFile, named name: [UInt8]) {
    self.folder = folder
    names = [Self.withoutSlashes(name)] + (folder.name.map { [$0] } ?? [])
  }

  /// Whether a file is in the folder now.
  func holds(_ file: PinnedFile) -> Bool {
    guard let name = file.name, let (_, last) = Self.split(name) else { return false }
    do throws(SystemError) {
      // The name is a hint only: what counts is that the folder has this very file.
      return try PinnedFile(last, in: folder, .beneath, follows: false).identity == file.identity
    } catch {
      return false
    }
  }

  /// Whether a server's address, a `struct sockaddr_un`, was bound by a name in the folder.
  func isParent(ofBound address: [UInt8]) -> Bool {
    guard UnixAddress.isUnix(address) else { return false }
    let path = Array(address[2...].prefix { $0 != 0 })
    guard path.first == Self.slash, let (parent, _) = Self.split(path) else { return false }
    return names.contains(parent)
  }

  private static let slash = UInt8(ascii: "/")

  /// The name of a file and that of its folder; `nil` where the last part is no name of a file.
  private static func split(_ path: [UInt8]) -> (parent: [UInt8], last: [UInt8])? {
    guard let place = path.lastIndex(of: slash) else { return nil }
    let last = Array(path[(place + 1)...])
    if last.isEmpty || last.elementsEqual(".".utf8) || last.elementsEqual("..".utf8) { return nil }
    return (withoutSlashes(Array(path[..<place])), last)
  }

  private static func withoutSlashes(_ path: [UInt8]) -> [UInt8] {
    var path = path
    while path.last == slash { path.removeLast() }
    return path
  }
}
