internal import CLinuxShims

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
        let file = Descriptor(owning: try folder.open(name, O_RDONLY))
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
    let text = nullTerminated(name)
    let number: CInt
    do throws(SystemError) {
      number = try attempt("open") { nonet_open_in(folder, text, O_RDWR, 0) }
    } catch {
      return false
    }
    let file = Descriptor(owning: number)
    guard let place = placeOfRunning(file.number) else { return false }
    let new = nullTerminated(DocumentLog.newName(of: name))
    _ = unlinkat(folder, new, 0)
    let lost = DocumentLog.status(.lost)
    return lost.withUnsafeBytes { pwrite(file.number, $0.baseAddress, $0.count, place) }
      == lost.count
  }

  /// Finds out whether a document says "running" though its writer is gone.
  ///
  /// - Parameter number: The document, open for reading.
  /// - Returns: `false` also where that cannot be known: for a pipe, for a file that has been replaced by
  ///   a newer one, and where the file system has no locks.
  static func isWithoutWriter(_ number: CInt) -> Bool {
    guard placeOfRunning(number) != nil, nonet_is_locked(number) == 0 else { return false }
    // A writer gives the name to a newer file before it lets go of this one.
    var status = stat()
    return fstat(number, &status) == 0 && status.st_nlink > 0 && placeOfRunning(number) != nil
  }

  /// Where the document's end says "running"; `nil` where it does not.
  private static func placeOfRunning(_ number: CInt) -> Int? {
    var status = stat()
    guard fstat(number, &status) == 0, status.st_mode & mode_t(S_IFMT) == mode_t(S_IFREG) else {
      return nil
    }
    let running = DocumentLog.status(.running)
    // The code of the exit comes behind it, filled up to five places.
    let behind = ",\"exit_code\":".utf8.count + 5 + 2
    let place = Int(status.st_size) - behind - running.count
    guard place > 0 else { return nil }
    var bytes = [UInt8](repeating: 0, count: running.count)
    let count = bytes.withUnsafeMutableBytes { pread(number, $0.baseAddress, $0.count, place) }
    return count == bytes.count && bytes == running ? place : nil
  }

  /// The newest documents by their names, which begin with the time.
  private static func newest(in folder: PinnedFolder) -> [[UInt8]] {
    let number: CInt
    do throws(SystemError) {
      number = try folder.open([UInt8(ascii: ".")], O_RDONLY | O_DIRECTORY)
    } catch {
      return []
    }
    guard let names = fdopendir(number) else {
      _ = close(number)
      return []
    }
    defer { closedir(names) }
    // Few and in order, the newest first; a folder of many logs is gone through at every start.
    var found: [[UInt8]] = []
    var count = 0
    while let entry = readdir(names) {
      count += 1
      if count > mostNames { return [] }
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
      guard name.starts(with: beginning), name.suffix(end.count).elementsEqual(end) else {
        continue
      }
      let place = found.firstIndex { isLess($0, name) } ?? found.count
      if place < mostLooks { found.insert(name, at: place) }
      if found.count > mostLooks { found.removeLast() }
    }
    return found
  }

  /// Whether a name comes first in the order of its bytes.
  private static func isLess(_ one: [UInt8], _ other: [UInt8]) -> Bool {
    let order = memcmp(one, other, min(one.count, other.count))
    return order == 0 ? one.count < other.count : order < 0
  }
}
