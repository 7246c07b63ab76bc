/// The files to which sockets are bound that were made inside and listen.
///
/// A file is bound to one socket in its life, the one that made it (unix_bind_bsd in net/unix/af_unix.c), so
/// whoever connects to it reaches that socket or none. Each is held: the number of one that is gone goes to the
/// very next file, which may be somebody's outside, made in the same tick of the clock.
struct InsideFiles {
  private var known: [PinnedFile] = []
  /// So many are held; a later one takes the place of the first.
  private static let most = 256

  mutating func insert(_ file: PinnedFile) {
    if contains(file) { return }
    known.removeAll { $0.isGone }
    if known.count == Self.most { known.removeFirst() }
    known.append(file)
  }

  func contains(_ file: PinnedFile) -> Bool { known.contains { $0.identity == file.identity } }
}
