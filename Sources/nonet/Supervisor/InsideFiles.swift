/// The files to which sockets are bound that were made inside and listen.
///
/// A file is bound to one socket in its life, the one that made it (unix_bind_bsd in net/unix/af_unix.c), so
/// whoever connects to it reaches that socket or none. Files are told apart by when they were made too: the
/// number of one that is gone may be given again.
struct InsideFiles {
  private struct Known: Equatable {
    let identity: FileIdentity
    let made: FileTime

    init?(_ file: PinnedFile) {
      guard let times = file.times else { return nil }
      (identity, made) = (file.identity, times.made)
    }
  }

  private var known: [Known] = []
  private var next = 0
  /// So many are kept in mind; a later one takes the place of the first.
  private static let most = 1024

  mutating func insert(_ file: PinnedFile) {
    guard let one = Known(file), !known.contains(one) else { return }
    if known.count < Self.most {
      known.append(one)
    } else {
      known[next] = one
      next = (next + 1) % Self.most
    }
  }

  func contains(_ file: PinnedFile) -> Bool { Known(file).map { known.contains($0) } ?? false }
}
