internal import BPFAssembler

/// Files that a policy includes.
enum PolicyFile {
  /// Reads one.
  ///
  /// - Parameter path: Its path, from the working folder where it is relative.
  /// - Returns: Its text.
  /// - Throws: Why not; what is no ordinary file is not read, for that could wait for ever.
  static func included(_ path: [UInt8]) throws(IncludedText.Failure) -> IncludedText {
    let word = Word(copying: path)
    let file: NamedFile
    do throws(SystemError) {
      file = try NamedFile(word.pointer)
    } catch {
      throw IncludedText.Failure(reason: error.reason)
    }
    if file.isFolder { throw IncludedText.Failure(reason: "it is a folder") }
    guard file.isRegular else { throw IncludedText.Failure(reason: "it is no ordinary file") }
    if file.size > Policy.largestText {
      throw IncludedText.Failure(reason: "it is longer than \(Policy.largestText) bytes")
    }
    do throws(SystemError) {
      let opened = try Descriptor.ordinary(word.pointer)
      let found = try NamedFile(opened)
      let text = try opened.contents(limit: Policy.largestText)
      return IncludedText(bytes: text, name: word.text, identity: [found.device, found.inode])
    } catch {
      let isNone = error.call == "open" && error.number == EINVAL
      throw IncludedText.Failure(reason: isNone ? "it is no ordinary file" : error.reason)
    }
  }
}
