/// Where a path leads, and whether this process's user may lead it elsewhere by a link.
///
/// A confined command may change what its user may change. A path without links means the same file or
/// none in the next run; a link says something else as soon as somebody puts another one in its place.
struct RealPath {
  /// The path without links, from the root of this process, name by name.
  let names: [[UInt8]]
  /// The root, and what has each of the names.
  let files: [PinnedFile]
  /// What was not walked.
  private(set) var rest: [[UInt8]] = []
  /// The first link on the way that the user may replace, by its real name.
  private(set) var looseLink: [UInt8]?

  /// How far a path is walked.
  enum Extent {
    case whole
    /// As long as the user cannot lead it elsewhere; `rest` is what the user could.
    case firm
  }

  /// As in the kernel (MAXSYMLINKS).
  private static let mostLinks = 40

  /// Walks along a path.
  ///
  /// - Parameters:
  ///   - path: From the root or from the working folder; links of /proc are taken by their text.
  ///   - extent: How far.
  /// - Throws: The errno of a step that fails.
  init(_ path: [UInt8], _ extent: Extent = .whole) throws(SystemError) {
    var names: [[UInt8]] = []
    var steps = PathText.names(path)
    if path.first != PathText.slash { steps = PathText.names(try workingFolder()) + steps }
    let root = try PinnedFile([PathText.slash])
    var folders = [root]
    var here = root
    var isLoose = false
    var links = 0
    steps.reverse()
    while let step = steps.popLast() {
      guard here.isFolder else { throw SystemError(call: "open", number: ENOTDIR) }
      if step.elementsEqual("..".utf8) {
        if !names.isEmpty { names.removeLast() }
        if folders.count > 1 { folders.removeLast() }
        here = folders[folders.count - 1]
        continue
      }
      let folder = here
      let file = try PinnedFile(step, in: folder, .plain, follows: false)
      // What lies in a folder that may be replaced as a whole may be replaced too.
      isLoose = isLoose || folder.letsReplace(file)
      if isLoose, extent == .firm {
        rest = [step] + steps.reversed()
        break
      }
      guard file.isLink else {
        names.append(step)
        folders.append(file)
        here = file
        continue
      }
      links += 1
      guard links <= Self.mostLinks, let target = file.target else {
        throw SystemError(call: "open", number: ELOOP)
      }
      if isLoose { looseLink = looseLink ?? Self.joined(names + [step]) }
      if target.first == PathText.slash {
        names = []
        folders = [root]
        here = root
      }
      steps += PathText.names(target).reversed()
    }
    self.names = names
    files = folders
  }

  /// The path without links.
  var name: [UInt8] { Self.joined(names) }
  var file: PinnedFile { files[files.count - 1] }
  /// The folder that has the file; the root where the file is the root.
  var folder: PinnedFile { files[max(0, files.count - 2)] }

  /// A path of names, from the root.
  static func joined(_ names: [[UInt8]]) -> [UInt8] {
    names.isEmpty ? [PathText.slash] : names.flatMap { [PathText.slash] + $0 }
  }
}
