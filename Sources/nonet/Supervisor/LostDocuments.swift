/// Documents whose writer was killed before it could write how the run ended.
enum LostDocuments {
  /// A folder with more names is not searched, and of the others the newest few documents are looked at:
  /// a start must not take longer for it.
  private static let mostNames = 256
  private static let mostLooks = 4
  private static let beginning = Array("nonet_".utf8)
  private static let end = Array(".json".utf8)

  /// Says "lost" in the newest documents of a folder that say "running" though nobody writes to them.
  ///
  /// - Returns: The names of those documents. Whatever cannot be read is passed over.
  static func mark(in folder: PinnedFolder) -> [[UInt8]] {
    newest(in: folder).filter { name in
      do throws(SystemError) {
        let file = try folder.file(name)
        guard isWithoutWriter(file.number) else { return false }
      } catch {
        return false
      }
      return mark(folder: folder.number, name: name)
    }
  }

  /// Says "lost" in a document that says "running", in its place and by one write, and takes away what
  /// its writer had begun to write anew.
  ///
  /// Needs nothing but the arguments, so that another process than the writer can do it.
  ///
  /// - Parameters:
  ///   - folder: A descriptor of the folder.
  ///   - name: The document's name there; a link is not followed.
  /// - Returns: Whether the document says so now and did not before.
  static func mark(folder: CInt, name: [UInt8]) -> Bool {
    do throws(SystemError) {
      let file = try PinnedFolder.file(name, toChangeIn: folder)
      guard let place = placeOfRunning(file.number) else { return false }
      PinnedFolder.remove(DocumentLog.newName(of: name), from: folder)
      try overwrite(DocumentLog.status(.lost), in: file.number, at: place)
      return true
    } catch {
      return false
    }
  }

  /// Finds out whether a document says "running" though its writer is gone.
  ///
  /// - Parameter number: The document, open for reading.
  /// - Returns: `false` also where that cannot be known: for a pipe, for a file that has been replaced by
  ///   a newer one, and where the file system has no locks.
  static func isWithoutWriter(_ number: CInt) -> Bool {
    guard placeOfRunning(number) != nil, isLocked(number) == false else { return false }
    // A writer gives the name to a newer file before it lets go of this one.
    return hasName(number) && placeOfRunning(number) != nil
  }

  /// Where the document's end says "running"; `nil` where it does not.
  private static func placeOfRunning(_ number: CInt) -> Int? {
    guard let size = sizeOfRegularFile(number) else { return nil }
    let running = DocumentLog.status(.running)
    // The code of the exit comes behind it, filled up to five places.
    let behind = ",\"exit_code\":".utf8.count + 5 + 2
    let place = size - behind - running.count
    guard place > 0 else { return nil }
    return readBytes(of: number, at: place, count: running.count) == running ? place : nil
  }

  /// The newest documents by their names, which begin with the time.
  private static func newest(in folder: PinnedFolder) -> [[UInt8]] {
    guard let names = folder.names(most: mostNames) else { return [] }
    // Few and in order, the newest first; a folder of many logs is gone through at every start.
    var found: [[UInt8]] = []
    for name in names {
      guard name.starts(with: beginning), name.suffix(end.count).elementsEqual(end) else {
        continue
      }
      let place = found.firstIndex { $0.lexicographicallyPrecedes(name) } ?? found.count
      if place < mostLooks { found.insert(name, at: place) }
      if found.count > mostLooks { found.removeLast() }
    }
    return found
  }
}
