/// Finds out which Python interpreter a command would start, if it would start one.
enum PythonCommand {
  /// A `#!` line is no longer than this (linux/binfmts.h, BINPRM_BUF_SIZE).
  private static let longestHeader = 256

  /// The interpreter that a command names: itself, behind `env`, or in the `#!` line of a script.
  ///
  /// - Parameters:
  ///   - words: The command and its arguments.
  ///   - header: Reads the beginning of the file that a name stands for, along PATH.
  /// - Returns: The interpreter as the command names it, or `nil` where it names none.
  static func interpreter(
    of words: [[UInt8]], header: (_ command: [UInt8]) -> [UInt8]?
  ) -> [UInt8]? {
    guard let command = words.first else { return nil }
    if isPython(command) { return command }
    if isEnv(command) { return words.dropFirst().first.flatMap { isPython($0) ? $0 : nil } }
    return header(command).flatMap(interpreter(inHeader:))
  }

  /// The beginning of a command's file, for its `#!` line.
  static func header(of command: [UInt8]) -> [UInt8]? {
    for path in candidates(command) {
      do throws(SystemError) {
        return try Descriptor(reading: path).start(longestHeader)
      } catch {
        continue
      }
    }
    return nil
  }

  /// Where execvp(3) would look.
  private static func candidates(_ command: [UInt8]) -> [String] {
    let name = String(decoding: command, as: UTF8.self)
    return command.contains(UInt8(ascii: "/")) ? [name] : Here.alongPath(name)
  }

  private static func interpreter(inHeader header: [UInt8]) -> [UInt8]? {
    guard header.starts(with: "#!".utf8) else { return nil }
    let line = header.dropFirst(2).prefix { $0 != UInt8(ascii: "\n") }
    let blanks: [UInt8] = [UInt8(ascii: " "), UInt8(ascii: "\t")]
    let words = line.split { blanks.contains($0) }.map { Array($0) }
    guard let first = words.first else { return nil }
    if isPython(first) { return first }
    guard isEnv(first), let second = words.dropFirst().first else { return nil }
    return isPython(second) ? second : nil
  }

  private static func isEnv(_ word: [UInt8]) -> Bool {
    PathText.lastComponent(word).elementsEqual("env".utf8)
  }

  /// `python`, `python3`, `python3.12`, with or without a folder.
  private static func isPython(_ word: [UInt8]) -> Bool {
    let name = PathText.lastComponent(word)
    guard name.starts(with: "python".utf8) else { return false }
    return name.dropFirst(6).allSatisfy { $0 == UInt8(ascii: ".") || $0.isDigit }
  }
}
