/// The text of a file that a policy includes.
public struct IncludedText: Sendable {
  /// The file's bytes.
  public let bytes: [UInt8]
  /// What the file is called in messages.
  public let name: String
  /// What no other file has, such as device and inode.
  public let identity: [UInt64]

  /// Makes a text.
  ///
  /// - Parameters:
  ///   - bytes: The file's bytes.
  ///   - name: What the file is called in messages.
  ///   - identity: What no other file has, such as device and inode.
  public init(bytes: [UInt8], name: String, identity: [UInt64]) {
    self.bytes = bytes
    self.name = name
    self.identity = identity
  }

  /// Why there is no such text.
  public struct Failure: Error {
    /// The reason, as the end of a sentence.
    public let reason: String

    /// Makes a failure.
    ///
    /// - Parameter reason: Why the file cannot be included, as the end of a sentence.
    public init(reason: String) {
      self.reason = reason
    }
  }

  /// Reads a file, whose path is absolute or begins at the working folder.
  public typealias Reader = (_ path: [UInt8]) throws(Failure) -> IncludedText
}

/// Where the parser is: the file that it reads, and those that include it.
struct PolicyFiles {
  /// More files inside one another are a mistake.
  static let deepest = 8
  /// Nor are so many read, each of which costs a call or three.
  static let most = 256

  struct File {
    let name: String
    /// The path up to the last `/`, included; empty for the working folder.
    let folder: [UInt8]
    let identity: [UInt64]
  }

  var stack: [File]
  private var count = 0
  private var size = 0
  let read: IncludedText.Reader?

  init(name: String, path: [UInt8], _ read: IncludedText.Reader?) {
    self.read = read
    stack = [File(name: name, folder: Self.folder(of: path), identity: [])]
  }

  var current: File { stack[stack.count - 1] }

  private static func folder(of path: [UInt8]) -> [UInt8] {
    path.lastIndex(of: UInt8(ascii: "/")).map { Array(path[...$0]) } ?? []
  }

  /// Enters a file that the current one includes.
  ///
  /// - Returns: Its text.
  mutating func enter(_ name: [UInt8]) throws(IncludedText.Failure) -> [UInt8] {
    guard let read else { throw IncludedText.Failure(reason: "nothing is included here") }
    if name.isEmpty || name.contains(0) { throw IncludedText.Failure(reason: "it has no name") }
    if stack.count > Self.deepest {
      throw IncludedText.Failure(reason: "files include one another at most \(Self.deepest) deep")
    }
    count += 1
    if count > Self.most {
      throw IncludedText.Failure(reason: "a policy includes at most \(Self.most) files")
    }
    let path = name.first == UInt8(ascii: "/") ? name : current.folder + name
    let text = try read(path)
    size += text.bytes.count
    if size > Policy.largestText {
      throw IncludedText.Failure(
        reason: "all of it together is longer than \(Policy.largestText) bytes")
    }
    if stack.contains(where: { $0.identity == text.identity }) {
      throw IncludedText.Failure(reason: "it includes itself")
    }
    stack.append(
      File(name: text.name, folder: Self.folder(of: path), identity: text.identity))
    return text.bytes
  }

  mutating func leave() { stack.removeLast() }
}
